import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../domain/json.ts'
import { diffPipelines, type PipelineChange } from './diff.ts'
import { lineDiff } from './line-diff.ts'
import { checkPipelineSpec, parsePipeline } from './parse-pipeline.ts'

const load = (name: string): JsonObject => {
  const file = new URL(`../../test/pipelines/fixtures/${name}`, import.meta.url)
  return parsePipeline(readFileSync(file, 'utf8'), name).spec as unknown as JsonObject
}
const compared = (spec: unknown, platformSpec: JsonObject | null = null) => ({
  spec: checkPipelineSpec(JSON.parse(JSON.stringify(spec))),
  platformSpec,
})
const brief = ({ kind, task, what, before, after }: PipelineChange): string =>
  `${kind} ${task ?? 'pipeline'}${what === null ? '' : ` ${what}`}: ${before} → ${after}`
// biome-ignore lint/suspicious/noExplicitAny: a compiled pipeline is edited as JSON
type Edited = any
/** What changes where this is done to the compiled text of a fixture. */
const edited = (name: string, edit: (spec: Edited) => void): readonly string[] => {
  const after = JSON.parse(JSON.stringify(load(name)))
  edit(after)
  return diffPipelines(compared(load(name)), compared(after)).map(brief)
}
const reversed = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(reversed)
    : value !== null && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, inner]) => [key, reversed(inner)]),
        )
      : value

describe('the difference of two pipelines', () => {
  it.each(['beans', 'loops', 'branches', 'nested', 'artifacts', 'importing', 'ignoring'])(
    'is none for %s and itself, in any order',
    (name) => {
      const spec = load(`${name}.yaml`)
      expect(diffPipelines(compared(spec), compared(reversed(spec)))).toEqual([])
    },
  )

  it.each<[string, (spec: Edited) => void, readonly string[]]>([
    [
      'an image',
      (spec) => {
        spec.deploymentSpec.executors['exec-evaluate'].container.image = 'python:3.12'
      },
      ['changed evaluate image: python:3.11 → python:3.12'],
    ],
    [
      'a default',
      (spec) => {
        spec.root.inputDefinitions.parameters.gcs_source.defaultValue = 'gs://other'
      },
      ['changed pipeline parameter gcs_source: STRING = "gs://bucket/beans.csv" → STRING = "gs://other"'],
    ],
    [
      'a new parameter',
      (spec) => {
        spec.root.inputDefinitions.parameters.budget = { parameterType: 'NUMBER_INTEGER' }
      },
      ['added pipeline parameter budget: null → NUMBER_INTEGER required'],
    ],
    [
      'a constant',
      (spec) => {
        spec.root.dag.tasks['automl-tabular-training-job'].inputs.parameters.target_column.runtimeValue.constant =
          'Kind'
      },
      ['changed automl-tabular-training-job input target_column: "Class" → "Kind"'],
    ],
    [
      'a condition',
      (spec) => {
        const { triggerPolicy } = spec.root.dag.tasks['condition-1']
        triggerPolicy.condition = triggerPolicy.condition.replace("'true'", "'yes'")
      },
      ["changed condition-1 condition: evaluate == 'true' → evaluate == 'yes'"],
    ],
    [
      'caching',
      (spec) => {
        spec.root.dag.tasks.evaluate.cachingOptions = {}
      },
      ['changed evaluate caching: on → off'],
    ],
    [
      'retries',
      (spec) => {
        spec.root.dag.tasks.evaluate.retryPolicy = { maxRetryCount: 2 }
      },
      ['added evaluate retries: null → {"maxRetryCount":2}'],
    ],
    [
      'order',
      (spec) => {
        spec.components['comp-condition-1'].dag.tasks['model-deploy'].dependentTasks = []
        delete spec.components['comp-condition-1'].dag.tasks['model-deploy'].inputs.artifacts.endpoint
      },
      [
        'removed condition-1/model-deploy input endpoint: condition-1/endpoint-create.endpoint → null',
        'removed condition-1/model-deploy waits for: condition-1/endpoint-create → null',
      ],
    ],
    [
      'what no name covers',
      (spec) => {
        spec.components['comp-evaluate'].inputDefinitions.parameters.thresholds.description = 'of each metric'
      },
      [
        'added pipeline spec.components.comp-evaluate.inputDefinitions.parameters.thresholds.description: null → "of each metric"',
      ],
    ],
  ])('tells %s', (_name, edit, told) => {
    expect(edited('beans.yaml', edit)).toEqual(told)
  })

  it('tells a task that was renamed, and blames nobody else for it', () => {
    const text = JSON.stringify(load('beans.yaml'))
    const after = JSON.parse(
      text.replaceAll('"evaluate"', '"judge"').replaceAll('pipelinechannel--evaluate-', 'pipelinechannel--judge-'),
    )
    const source = after.deploymentSpec.executors['exec-evaluate'].container
    source.args = JSON.parse(JSON.stringify(source.args).replace('"judge"', '"evaluate"'))
    expect(diffPipelines(compared(load('beans.yaml')), compared(after)).map(brief)).toEqual([
      'renamed judge: evaluate → judge',
    ])
  })

  it('tells tasks that came and went, and not what is in a group that did', () => {
    expect(
      edited('beans.yaml', (spec) => {
        delete spec.root.dag.tasks['condition-1']
      }),
    ).toEqual(['removed condition-1: condition → null'])
    expect(
      edited('nested.yaml', (spec) => {
        spec.root.dag.tasks.again = { ...spec.root.dag.tasks.inner, taskInfo: { name: 'again' } }
      }),
    ).toEqual(['added again: null → pipeline'])
  })

  it('compares groups by what is in them, whatever number kfp gave them', () => {
    const after = JSON.parse(
      JSON.stringify(load('branches.yaml'))
        .replaceAll('condition-6', 'condition-66')
        .replaceAll('condition-5', 'condition-6')
        .replaceAll('condition-66', 'condition-7x'),
    )
    expect(diffPipelines(compared(load('branches.yaml')), compared(after)).map(({ kind }) => kind)).toEqual([
      'renamed',
      'renamed',
    ])
  })

  it('shows the lines of a source that changed', () => {
    const spec = load('beans.yaml') as Edited
    const after = JSON.parse(JSON.stringify(spec))
    const { command } = after.deploymentSpec.executors['exec-evaluate'].container
    command[command.length - 1] += '\ndef more():\n    return 1'
    const [only] = diffPipelines(compared(spec), compared(after))
    expect(only).toMatchObject({ task: 'evaluate', what: 'command' })
    expect(only?.lines).toEqual(expect.arrayContaining(['+ def more():', '+     return 1']))
  })

  it('tells what is asked of a platform', () => {
    const wish = (labels: string): JsonObject => ({
      platforms: { kubernetes: { deploymentSpec: { executors: { 'exec-evaluate': { nodeSelector: labels } } } } },
    })
    const spec = load('beans.yaml')
    expect(diffPipelines(compared(spec, wish('a')), compared(spec, wish('b'))).map(brief)).toEqual([
      'changed evaluate platform: kubernetes: {"nodeSelector":"a"} → kubernetes: {"nodeSelector":"b"}',
    ])
  })
})

describe('the lines of a difference', () => {
  it.each<[string, string, readonly string[]]>([
    ['a\nb\nc', 'a\nb\nc', []],
    ['a\nb\nc', 'a\nx\nc', ['- b', '+ x']],
    ['a', 'a\nb', ['+ b']],
    ['a\nb\nc\nd\ne', 'x\nb\nc\nd\ny', ['- a', '+ x', '  …', '- e', '+ y']],
  ])('%j to %j', (before, after, lines) => {
    expect(lineDiff(before.split('\n'), after.split('\n'))).toEqual(lines)
  })

  it('are few, and shown where they part', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => `line ${i}`)
    expect(lineDiff([], many)).toHaveLength(13)
    const long = 'x'.repeat(300)
    expect(lineDiff([`${long}a`], [`${long}b`]).map((line) => line.at(-1))).toEqual(['a', 'b'])
  })
})
