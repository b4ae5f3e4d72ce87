import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as catalogue from '../../src/pipelines/catalogue/index.ts'
import { loadSpec } from '../../src/pipelines/catalogue/load-spec.ts'
import { findNativeComponent } from '../../src/platform/components/catalogue.ts'
import { parseGcpc } from '../../src/platform/engine/work/gcpc.ts'

const root = join(import.meta.dirname, '../..')
const ops = readdirSync(join(root, 'src/pipelines/catalogue/specs')).map((file) => file.replace(/\.json$/, ''))

const wayOf = (op: string): string => {
  const { container } = loadSpec(op).executor as { container: { image: string; command?: string[]; args?: string[] } }
  const { image, command = [], args = [] } = container
  if (findNativeComponent(image, command, args) !== undefined) return 'native'
  const launcher = parseGcpc({ image, command, args })
  if (launcher === undefined) return 'its image'
  return launcher.needs === undefined ? 'own code' : `refused: needs ${launcher.needs}`
}

describe('the catalogue', () => {
  it('is listed in docs/catalogue.md as the platform does it', () => {
    const rows = readFileSync(join(root, 'docs/catalogue.md'), 'utf8').matchAll(/^\| (\w+Op) \| (.*?) \|/gm)
    expect(Object.fromEntries([...rows].map(([, op, way]) => [op, way]))).toEqual(
      Object.fromEntries(ops.map((op) => [op, wayOf(op)])),
    )
  })

  it('has a typed op for each spec, whose inputs and outputs are the spec’s', () => {
    expect(Object.keys(catalogue).sort()).toEqual([...ops].sort())
    for (const [op, { definition }] of Object.entries(catalogue)) {
      const { name, component } = loadSpec(op)
      expect(definition.name).toBe(name)
      expect(Object.keys(definition.inputs).sort()).toEqual(
        Object.values(component.inputDefinitions ?? {})
          .flatMap((definitions) => Object.keys(definitions ?? {}))
          .sort(),
      )
    }
  })

  it('leaves anybody’s own main.py alone', () => {
    expect(findNativeComponent('mine', ['python3', '/main.py'], ['--task', 'data_sampler'])).toBeUndefined()
  })
})
