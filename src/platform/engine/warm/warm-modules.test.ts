import { describe, expect, it } from 'vitest'
import { warmModules } from './warm-modules.ts'

describe('the modules that may be loaded before a component', () => {
  it.each([
    ['import pandas as pd', ['pandas']],
    ['def f():\n    import pandas as pd, numpy\n    return pd', ['numpy', 'pandas']],
    ['from sklearn.ensemble import RandomForestClassifier', ['sklearn.ensemble']],
    ['from sklearn import linear_model\nimport sklearn', ['sklearn']],
    ['import torch\nfrom google.cloud import aiplatform', []],
    ['import mypandas\nfrom .pandas import x', []],
    // What it sets may decide how numpy starts.
    ['import os\nos.environ["OMP_NUM_THREADS"] = "1"\nimport numpy', []],
    ['', []],
  ])('%s', (source, modules) => {
    expect(warmModules(source)).toEqual(modules)
  })
})
