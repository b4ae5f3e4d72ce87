import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import type { EngineJobView } from '../../src/platform/engine/job.ts'
import { openWorkshop, taskOf, type Workshop } from '../engine/workshop.ts'
import { fixtureSpec, logOf, runSpec } from './executor-fixtures.ts'

let workshop: Workshop
let packages: EngineJobView
const run = async (file: string, parameters: JsonObject = {}): Promise<EngineJobView> =>
  runSpec(workshop, file.split('.')[0] ?? file, await fixtureSpec(file), parameters)
const outputsOf = (view: EngineJobView, task: string): Readonly<Record<string, Json>> =>
  taskOf(view, task).outputs.parameters
const artifactOf = (view: EngineJobView, task: string, output = 'data') => {
  const [artifact] = taskOf(view, task).outputs.artifacts[output] ?? []
  if (artifact === undefined) throw new Error(`${task} has no ${output}`)
  return artifact
}

// The environments are built here, so that no test's time-out has to pay for them.
beforeAll(async () => {
  workshop = await openWorkshop({ containers: 'host' })
  await mkdir(join(workshop.root, 'barn'))
  await writeFile(join(workshop.root, 'barn', 'a.csv'), 'one\ntwo\n')
  packages = await run('packages.yaml')
  expect(packages.error).toBeNull()
}, 400_000)
afterAll(() => workshop[Symbol.asyncDispose]())

const text = 'it\'s "quoted"\n$HOME `x` ü 🌾 {{$.x}} {{ }}'

describe('values', () => {
  let view: EngineJobView
  beforeAll(async () => {
    view = await run('values.yaml', { text })
  })

  it.each<[string, JsonObject]>([
    [
      'echo-values',
      {
        text,
        count: 3,
        share: 2,
        flag: true,
        items: [1, [2, 3], 2.5],
        table: { a: [1, 2] },
        kinds: 'str int float bool int int int',
      },
    ],
    ['join-optional', { Output: 'default None None' }],
    ['join-optional-2', { Output: 'given there 4' }],
    ['write-output-paths', { number: 7, struct: { deep: [1, 2.5, { x: null }] } }],
    ['read-input-path', { Output: "a,b\n1,2\n7{'deep': [1, 2.5, {'x': None}]}" }],
  ])('%s', (task, expected) => {
    expect(outputsOf(view, task)).toEqual(expected)
  })

  it('come from the cache where they may', async () => {
    const spec = await fixtureSpec('values.yaml')
    const again = await runSpec(workshop, 'values-again', spec, { text })
    expect(taskOf(again, 'echo-values')).toMatchObject({
      state: 'cached',
      outputs: taskOf(view, 'echo-values').outputs,
    })
    const anew = await runSpec(workshop, 'values-anew', spec, { text }, { enableCaching: false })
    expect(anew.tasks.map(({ state }) => state)).not.toContain('cached')
  })

  it('reach the pipeline', () => {
    expect(view).toMatchObject({
      state: 'succeeded',
      outputs: { parameters: { Output: expect.stringMatching(/^a,b/) } },
    })
  })
})

describe('artifacts', () => {
  let view: EngineJobView
  beforeAll(async () => {
    view = await run('artifacts.yaml')
  })

  it('are read by a later task as they were left', () => {
    expect(view.error).toBeNull()
    expect(view.outputs.parameters['Output']).toEqual({
      model: ['weights', { framework: 'none', layers: [1, 2] }, 'system.Model'],
      data: 'from elsewhere',
      folder: ['one', 'two'],
      returned: ['wheat', { text: 'wheat', length: 5 }],
      payload: 'payload 9',
      passed: ['wheat', { text: 'wheat', length: 5 }, true],
      second: ['2', { rank: 2 }],
      absent: true,
    })
  })

  it.each<[string, string, JsonObject]>([
    ['metrics', 'system.Metrics', { accuracy: 0.5, rows: 3 }],
    [
      'roc',
      'system.ClassificationMetrics',
      {
        confidenceMetrics: [
          { confidenceThreshold: 1, recall: 0, falsePositiveRate: 0 },
          { confidenceThreshold: 0.5, recall: 0.75, falsePositiveRate: 0.5 },
          { confidenceThreshold: 0, recall: 1, falsePositiveRate: 1 },
        ],
      },
    ],
    [
      'matrix',
      'system.ClassificationMetrics',
      {
        confusionMatrix: {
          annotationSpecs: [{ displayName: 'a' }, { displayName: 'b' }],
          rows: [{ row: [4, 1] }, { row: [2, 0] }],
        },
      },
    ],
    ['page', 'system.HTML', {}],
    ['notes', 'system.Markdown', {}],
  ])('%s is logged', (output, schemaTitle, metadata) => {
    expect(artifactOf(view, 'log-everything', output)).toMatchObject({ type: { schemaTitle }, metadata })
  })

  it('are told apart by slice', () => {
    expect(artifactOf(view, 'log-everything', 'sliced')).toMatchObject({
      type: { schemaTitle: 'system.SlicedClassificationMetrics' },
      metadata: {
        evaluationSlices: [
          {
            slice: 'slice-1',
            sliceClassificationMetrics: { confusionMatrix: { rows: [{ row: [3, 0] }] } },
          },
        ],
      },
    })
  })

  it('that a task made by get_uri or wrote elsewhere outlive the scratch of the job', async () => {
    await workshop.engine.forget('artifacts')
    for (const [task, output] of [
      ['make-by-return', 'Output'],
      ['two-artifacts', 'first'],
      ['custom-path', 'data'],
    ] as const) {
      const { uri } = artifactOf(view, task, output)
      expect(uri.startsWith(join(workshop.root, 'out'))).toBe(true)
      expect(existsSync(uri)).toBe(true)
    }
  })
})

it('lists of artifacts go in, and are looped over', async () => {
  const view = await run('lists.yaml')
  expect(view).toMatchObject({ error: null, outputs: { parameters: { Output: 6 } } })
  const read = view.tasks.filter(({ name }) => name === 'one-of').map((task) => task.outputs.parameters['Output'])
  expect(read).toEqual(['1', '2', '3'])
})

it('lists of artifacts are left by a container, and read by index', async () => {
  const view = await run('artifact-lists.yaml')
  const many = taskOf(view, 'make').outputs.artifacts['many'] ?? []
  expect(many.map(({ metadata }) => metadata)).toEqual([{ n: 1 }, { n: 2 }])
  expect(new Set(many.map(({ name }) => name)).size).toBe(2)
  expect(outputsOf(view, 'read')).toEqual({ said: `${many[0]?.uri} ${many[1]?.uri} 2` })
  expect(view.outputs.artifacts['made']).toEqual(many)
})

describe('importers', () => {
  let view: EngineJobView
  beforeAll(async () => {
    view = await run('importers.yaml')
  })

  it('fill in metadata, keys too, and keep the address', () => {
    expect(artifactOf(view, 'importer', 'artifact')).toMatchObject({
      uri: 'gs://barn/a.csv',
      type: { schemaTitle: 'system.Dataset' },
      metadata: { fixed: [1, 2], nested: { deep: 3, 'key-3': 'of 3' } },
    })
    expect(artifactOf(view, 'importer-2', 'artifact')).toMatchObject({
      type: { schemaTitle: 'system.Model' },
      metadata: { name: 'X' },
    })
  })

  it.each([
    ['describe', 'Dataset', 'barn/a.csv'],
    ['describe-2', 'Model', 'barn/a.csv'],
    ['describe-3', 'Dataset', 'jobs/importers/workspace/.artifacts/gs/barn/a.csv'],
  ])('%s reads a %s at %s', (task, kind, path) => {
    const { Output } = outputsOf(view, task)
    expect(Output).toMatchObject({ kind, text: 'one\ntwo\n', uri: expect.stringMatching(new RegExp(`${path}$`)) })
  })

  it('import the same artifact again unless they are to reimport it', async () => {
    const again = await runSpec(workshop, 'importing-again', await fixtureSpec('importers.yaml'))
    const nameIn = (one: EngineJobView, task: string) => artifactOf(one, task, 'artifact').name
    expect(nameIn(again, 'importer')).toBe(nameIn(view, 'importer'))
    expect(nameIn(again, 'importer-2')).not.toBe(nameIn(view, 'importer-2'))
  })

  it('say what cannot be brought into the workspace', async () => {
    const lost = await runSpec(workshop, 'lost', await fixtureSpec('importers.yaml'), { uri: 'gs://barn/lost.csv' })
    expect(lost.state).toBe('failed')
    expect(taskOf(lost, 'importer-3').reason).toMatch(/bring gs:\/\/barn\/lost\.csv into the workspace: nothing is at/)
  })
})

it('a task sees its workspace, its variables, and tries again', async () => {
  const view = await run('surroundings.yaml', { folder: workshop.shared })
  expect(view).toMatchObject({ error: null, outputs: { parameters: { Output: 'from the workspace' } } })
  expect(outputsOf(view, 'read-environment')).toEqual({ Output: { GRAIN: 'rye', EMPTY: '', QUOTED: 'a "b" $c' } })
  expect(taskOf(view, 'fails-twice')).toMatchObject({ attempts: 3, outputs: { parameters: { Output: 3 } } })
})

it('an exit task learns how what it guards ended', async () => {
  const view = await run('status.yaml', { folder: workshop.shared })
  expect(view.state).toBe('failed')
  expect(JSON.parse(await readFile(join(workshop.shared, 'status'), 'utf8'))).toEqual([
    'FAILED',
    'projects/barn/locations/eu/pipelineJobs/status',
    'exit-handler-1',
    9,
    expect.stringContaining('nothing-here'),
  ])
})

it.each<[string, Json]>([
  ['pinned', '1.3.1'],
  ['embedded-file', 'barley'],
  ['embedded-folder', 'barley'],
  ['in-venv', 'venv'],
  ['without-kfp-install', 'as it is'],
])('packages and files that travel with a component: %s', (task, expected) => {
  expect(outputsOf(packages, task)).toEqual({ Output: expected })
})

it('every placeholder is filled in, in command, arguments, environment, constants and defaults', async () => {
  const word = 'a "b" ü'
  const view = await run('placeholders.yaml', { word })
  expect(view.error).toBeNull()
  const out = (path: string): string => join(workshop.root, 'out', 'placeholders', 'root', path)
  expect(view.outputs.parameters['Output']).toEqual([
    `word=${word}`,
    'job=of placeholders',
    'number=7',
    `list=${JSON.stringify([1, [2, 2.5], word])}`,
    'struct={"a":1,"b":{"c":true}}',
    'flag=false',
    'share=0.5',
    `embedded=<${word}|Tell all>`,
    `pod=${view.uuid}`,
    'fallback=in eu',
    'escaped=a \\"b\\" ü',
    `data.uri=${out('make/data')}`,
    `data.path=${out('make/data')}`,
    'data.rows=2',
    'data.owner=ann',
    'data.value=some rows',
    'model=projects/p/locations/l/models/1',
    `page=${out('tell/page')}`,
    `page.path=${out('tell/page')}`,
    'job_name=placeholders',
    `job_resource=${view.resourceName}`,
    `job_uuid=${view.uuid}`,
    'task_name=Tell all',
    `task_uuid=${taskOf(view, 'tell').id}`,
    `created=${new Date(view.startedAt).toISOString().replace(/\.\d+Z$/, 'Z')}`,
    `workspace=${join(workshop.root, 'platform/jobs/placeholders/workspace')}`,
    'project=barn',
    'location=eu',
    '--word',
    word,
    '--no',
    'absent',
    '--no-data',
    '--data',
    'a=7;b?',
    "it's $HOME `x` \\ {{ }} {{$}",
    '',
    '12',
    `${word} at ${join(workshop.root, 'out')}`,
  ])
})

describe('what goes wrong says why', () => {
  it.each([
    ['unwritten.yaml', 'one-of', /its input "data" was never written \(\/.*\/forgets\/data\)/],
    ['unmounted.yaml', 'read-file', /no bucket is mounted at \/gcs\/acme-grain here/],
  ])('%s', async (file, task, words) => {
    const view = await run(file)
    expect(view.state).toBe('failed')
    expect(taskOf(view, task).reason?.split('\n')[0]).toMatch(words)
  })

  it('of a program that only the image has', async () => {
    const text = JSON.stringify(await fixtureSpec('placeholders.yaml')).replace(
      '"command":["python3"',
      '"command":["grind"',
    )
    const view = await runSpec(workshop, 'no-program', JSON.parse(text) as JsonObject, { word: 'x' })
    expect(taskOf(view, 'tell').reason?.split('\n')[0]).toMatch(
      /grind.*it may be in the image example\/teller, which is not used here/,
    )
  })
})

describe('what a pipeline asks of Kubernetes', () => {
  it('is done or told, by task', async () => {
    const view = await run('kubernetes.yaml')
    expect(outputsOf(view, 'show')).toEqual({
      Output: { POD: 'kubernetes-show', UID: taskOf(view, 'show').id, NODE: null },
    })
    const ofTask =
      'task Show it: kubernetes configMapAsEnv (my-map), configMapAsVolume (vol-map), emptyDirMounts (/mnt/scratch), fieldPathAsEnv (spec.nodeName), imagePullPolicy (Always), nodeSelector, podMetadata, pvcMount (my-claim), secretAsVolume (vol-secret), securityContext, tolerations'
    const ofSecret = 'task needs-secret: kubernetes secretAsEnv (my-secret)'
    const ofAccelerator = 'task Show it: resources accelerator (1 × NVIDIA_L4)'
    expect([...view.leftOut].sort()).toEqual(
      [
        ofTask,
        ofSecret,
        ofAccelerator,
        'the pipeline: kubernetes activeDeadlineSeconds (900), resourceTtlOnCompletion (60)',
      ].sort(),
    )
    const log = await logOf(taskOf(view, 'show'))
    expect(log).toContain(`[winnow] left out here: ${ofTask}\n`)
    // It fails for want of its secret, and says so.
    expect(taskOf(view, 'needs-secret')).toMatchObject({
      state: 'failed',
      details: expect.arrayContaining([expect.stringContaining(`left out here: ${ofSecret}`)]),
    })
  })

  it('ends a task at its own time limit', async () => {
    const view = await run('time-limit.yaml')
    expect(taskOf(view, 'slow').reason).toContain('time limit')
  })
})
