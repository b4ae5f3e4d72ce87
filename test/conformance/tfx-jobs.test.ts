import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isJsonObject, type Json, type JsonObject } from '../../src/domain/json.ts'
import { plainValue } from '../../src/pipelines/typed-values.ts'
import type { EngineJobView } from '../../src/platform/engine/job.ts'
import { openWorkshop, taskOf, type Workshop } from '../engine/workshop.ts'
import { fixtureSpec, logOf, runSpec } from './executor-fixtures.ts'

const types: Readonly<Record<string, string>> = {
  INT: 'NUMBER_INTEGER',
  DOUBLE: 'NUMBER_DOUBLE',
  STRING: 'STRING',
}

/** The job as TFX writes it for schema 2.1.0: plain constants and defaults, parameterType, metadata and its queries. */
const asSchema210 = (value: Json): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => asSchema210(item))
  if (typeof value === 'string')
    return value
      .replace("custom_properties['blessed']='1'", 'metadata.blessed.number_value=1')
      .replace("custom_properties['current_model_id']", "metadata['current_model_id']")
  if (!isJsonObject(value)) return value
  const { type, defaultValue, constantValue, properties, customProperties, ...rest } = value
  const typed = typeof type === 'string' ? types[type] : undefined
  const plain = (item: Json | undefined): Json => {
    const known = isJsonObject(item) && item['constantValue'] !== undefined ? item['constantValue'] : item
    return plainValue(known ?? null)
  }
  const metadata = Object.entries({ ...(properties as JsonObject), ...(customProperties as JsonObject) })
  return {
    ...(asSchema210Members(rest) as JsonObject),
    ...(type !== undefined && (typed === undefined ? { type } : { parameterType: typed })),
    ...(defaultValue !== undefined && { defaultValue: plain(defaultValue) }),
    ...(constantValue !== undefined && { constant: plain(constantValue) }),
    ...(metadata.length > 0 && { metadata: Object.fromEntries(metadata.map(([key, item]) => [key, plain(item)])) }),
  }
}
const asSchema210Members = (value: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === 'schemaVersion' ? '2.1.0' : asSchema210(item ?? null)]),
  )

const blessing = (view: EngineJobView): JsonObject =>
  taskOf(view, 'Evaluator').outputs.artifacts['blessing']?.[0]?.metadata ?? {}

describe.each(['2.0.0', '2.1.0'])('a TFX job of schema %s', (version) => {
  const tfx = async (workshop: Workshop) => {
    await mkdir(join(workshop.root, 'barn', 'schema'), { recursive: true })
    const spec = await fixtureSpec('tfx-job.json')
    const shown = version === '2.0.0' ? spec : (asSchema210(spec) as JsonObject)
    return (id: string, verdict: number) => runSpec(workshop, id, shown, { verdict, shared: workshop.shared })
  }

  it('trains, blesses, pushes what is blessed, and finds the last blessed model in the next run', async () => {
    await using workshop = await openWorkshop({ containers: 'host' })
    const run = await tfx(workshop)
    const pushed = join(workshop.shared, 'pushed')

    const first = await run('first', 1)
    expect(first.error).toBeNull()
    const model = taskOf(first, 'Trainer').outputs.artifacts['model']?.[0]
    expect(taskOf(first, 'model-resolver-model-blessing-resolver').outputs.artifacts).toEqual({ model_blessing: [] })
    expect(taskOf(first, 'Evaluator').outputs.parameters).toEqual({ baseline: 'none' })
    expect(blessing(first)).toEqual({ blessed: 1, current_model_id: model?.name })
    expect(await readFile(pushed, 'utf8')).toBe(model?.uri)
    await rm(pushed)

    const parameters = JSON.parse(String(taskOf(first, 'Trainer').outputs.parameters['seen'])) as Json
    expect(parameters).toEqual([
      version === '2.0.0'
        ? { steps: { intValue: '100' }, rate: { doubleValue: 0.5 }, module_file: { stringValue: 'trainer.py' } }
        : { steps: 100, rate: 0.5, module_file: 'trainer.py' },
      { version: 3, owner: 'ann' },
    ])

    const second = await run('second', 0)
    expect(taskOf(second, 'Pusher').state).toBe('skipped')
    expect(taskOf(second, 'Evaluator').outputs.parameters).toEqual({ baseline: model?.uri })
    expect(await logOf(taskOf(second, 'model-resolver-model-resolver'))).toContain(`model: ${model?.uri} is the newest`)

    // The second was not blessed, so the first is still the last blessed one.
    const third = await run('third', 1)
    expect(taskOf(third, 'Evaluator').outputs.parameters).toEqual({ baseline: model?.uri })
    expect(await readFile(pushed, 'utf8')).toBe(taskOf(third, 'Trainer').outputs.artifacts['model']?.[0]?.uri)
  })
})

it('the value of an artifact is read from its file', async () => {
  await using workshop = await openWorkshop({ containers: 'host' })
  const spec = await fixtureSpec('tfx-job.json')
  await mkdir(join(workshop.root, 'barn', 'schema'), { recursive: true })
  const text = JSON.stringify(spec)
    .replaceAll('"outputArtifactKey":"model"', '"outputArtifactKey":"word"')
    .replaceAll("inputs.artifacts['model'].uri", "inputs.artifacts['model'].value")
    .replaceAll("sys.argv[2] == model['uri']", "sys.argv[2] == 'oats'")
    // The resolver's output keeps its name.
    .replace(/("producerTask":"model-resolver-model-resolver","outputArtifactKey":)"word"/, '$1"model"')
  const view = await runSpec(workshop, 'word', JSON.parse(text) as JsonObject, { verdict: 1, shared: workshop.shared })
  expect(view.error).toBeNull()
  expect(await readFile(join(workshop.shared, 'pushed'), 'utf8')).toBe('oats')
})

it('a resolver whose filter cannot be read is a failure that quotes it', async () => {
  await using workshop = await openWorkshop({ containers: 'host' })
  const spec = JSON.stringify(await fixtureSpec('tfx-job.json')).replace('and state=LIVE and custom', 'or custom')
  const view = await runSpec(workshop, 'wrong', JSON.parse(spec) as JsonObject, { verdict: 1, shared: workshop.shared })
  expect(taskOf(view, 'model-resolver-model-blessing-resolver').reason).toMatch(
    /filter of a resolver cannot be read at/,
  )
})
