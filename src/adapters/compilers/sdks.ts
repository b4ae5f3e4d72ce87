import type { Sdk } from './compile-report.ts'

/** What a pipeline in Python is written with, and how its compile is begun. */
export const kfpSdk: Sdk = {
  name: 'kfp',
  script: 'compile_kfp.py',
  requirements: ['kfp==2.17.0'],
  example: 'kfp==2.17.0',
  makesPipeline: 'put @dsl.pipeline above it',
  noPipeline: 'put @dsl.pipeline above its function',
}

/** TFX has no default: it asks for other Pythons and packages from one version to the next, and the repository knows which. */
export const tfxSdk: Sdk = {
  name: 'tfx',
  script: 'compile_tfx.py',
  requirements: [],
  example: 'tfx==1.16.0',
  makesPipeline: 'return a tfx.dsl.Pipeline from it',
  noPipeline: 'give it a function create_pipeline, or name another with function:',
}
