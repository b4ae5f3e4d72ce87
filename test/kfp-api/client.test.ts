import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { say, shellPipeline } from '../platform/shell-pipeline.ts'
import { openSite, parent, type Site } from '../platform/site.ts'
import { until } from '../platform/until.ts'
import { struct } from '../platform/wire-values.ts'
import { caller } from '../rest/call.ts'
import { runWithKfp } from './python.ts'

const shaky = shellPipeline({
  sow: { script: `echo sow >> "$0/marks"; ${say}` },
  reap: { script: `echo reap >> "$0/marks"; test -f "$0/mended"; ${say}`, after: ['sow'] },
  thresh: { script: `echo thresh >> "$0/marks"; ${say}`, after: ['reap'] },
})
const wishes = {
  platforms: { kubernetes: { deploymentSpec: { executors: { 'exec-sow': { tolerations: [{ key: 'gpu' }] } } } } },
}

let site: Site
let folder: string
// biome-ignore lint/suspicious/noExplicitAny: what a Python script saw
let all: any
beforeAll(async () => {
  site = await openSite({ containers: 'host', sandbox: 'off' })
  folder = await mkdtemp(join(tmpdir(), 'winnow-kfp-'))
  const write = (name: string, ...documents: object[]) =>
    writeFile(join(folder, name), documents.map((document) => JSON.stringify(document)).join('\n---\n'))
  await write('mill.yaml', shellPipeline({ first: { script: say }, second: { script: say, after: ['first'] } }))
  await write('shaky.yaml', shaky, wishes)
  await write('slow.yaml', shellPipeline({ sleep: { script: 'sleep 600' } }))
  all = await runWithKfp(
    join(import.meta.dirname, 'journey.py'),
    [`http://127.0.0.1:${site.platform.httpPort}`, folder],
    folder,
  )
}, 600_000)
afterAll(async () => {
  await site?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

describe('the real kfp.Client', () => {
  it('keeps experiments', () => {
    expect(all.seen.experiments).toEqual({
      same: true,
      again: true,
      description: 'of wheat',
      pages: [
        ['wheat', 'rye'],
        ['barley', 'Default'],
      ],
      available: [['Default', 'barley'], ['wheat']],
      gone: expect.stringContaining('No experiment is found with name'),
    })
  })

  it('uploads pipelines and versions, however they are packed', () => {
    const { version, ...pipelines } = all.seen.pipelines
    expect(pipelines).toEqual({
      named: 'shell',
      pages: [['mill', 'zipped'], ['shell']],
      found: true,
      versions: [['mill', 'second'], ['third']],
      taken: { http: 409, code: 6, message: expect.stringContaining('There is a pipeline "mill" already') },
      taken_version: { http: 409, code: 6, message: expect.stringContaining('a version "second" already') },
      has_versions: { http: 400, code: 9, message: expect.stringContaining('has 1 version: delete them first') },
      gone: { http: 404, code: 5, message: expect.stringContaining('There is no pipeline') },
    })
    expect(version).toMatchObject({ display_name: 'second', description: 'finer' })
    expect(Object.keys(version.pipeline_spec.root.dag.tasks)).toEqual(['first', 'second'])
  })

  it('runs a version and sees how it went', () => {
    expect(all.seen.run).toEqual({
      state: 'SUCCEEDED',
      history: ['PENDING', 'RUNNING', 'SUCCEEDED'],
      experiment: true,
      version: true,
      parameters: { word: 'flour' },
      times: true,
      tasks: { root: 'SUCCEEDED', first: 'SUCCEEDED', second: 'SUCCEEDED' },
      children: true,
      outputs: { page: 1 },
      last: true,
    })
  })

  it('retries what failed, and nothing that succeeded; what is left out is told', () => {
    expect(all.seen.retry).toEqual({
      states: ['FAILED', 'SUCCEEDED'],
      error: expect.stringMatching(/^root\.reap: reap failed with exit code 1/),
      tasks: [
        { sow: 'SUCCEEDED', reap: 'FAILED', thresh: 'SKIPPED' },
        { sow: 'SUCCEEDED', reap: 'SUCCEEDED', thresh: 'SUCCEEDED' },
      ],
      marks: ['sow', 'reap', 'reap', 'thresh'],
      left_out: [
        'service_account miller: tasks run without any account',
        expect.stringMatching(/sow: kubernetes tolerations/),
      ],
      twice: { http: 400, code: 9, message: expect.stringContaining('is SUCCEEDED: only one that failed') },
    })
  })

  it('stops a run', () => {
    expect(all.seen.stop).toEqual({
      undeletable: { http: 400, code: 9, message: expect.stringContaining('has not ended') },
      state: 'CANCELED',
      experiment: 'Default',
      twice: { http: 400, code: 9, message: expect.stringContaining('nothing to terminate') },
    })
  })

  it('lists runs by experiment, state and order', () => {
    expect(all.seen.runs).toEqual({
      all: [['slow', 'shaky'], ['grind']],
      of_wheat: [['grind']],
      archived: [['slow']],
      succeeded: [['grind', 'shaky']],
      state: 'AVAILABLE',
      gone: { http: 404, code: 5, message: expect.stringContaining('There is no run') },
    })
  })

  it('is told in one line what is wrong, and nothing of it is kept', () => {
    const invalid = (message: string) => ({ http: 400, code: 3, message: expect.stringContaining(message) })
    expect(all.seen.refused).toEqual({
      missing: invalid('parameter "word" is required'),
      unknown: invalid('parameter "words" is unknown to the pipeline'),
      type: invalid('parameter "times"'),
      root: invalid('gs://nowhere/runs'),
      experiment: { http: 404, code: 5, message: 'There is no experiment none' },
      recurring: { http: 501, code: 12, message: expect.stringContaining('Recurring runs') },
      recurring_list: { http: 501, code: 12, message: expect.stringContaining('Recurring runs') },
      none_kept: true,
    })
    for (const { message } of Object.values(all.seen.refused) as { message?: string }[])
      expect(message ?? '').not.toContain('\n')
  })
})

describe('the two APIs of one platform', () => {
  const face = () => caller(site.platform.httpPort)

  it("show Kubeflow's runs as pipeline jobs, and Vertex AI's jobs as runs of Default", async () => {
    const [job] = await site.clients.pipelines.getPipelineJob({ name: `${parent}/pipelineJobs/${all.failing}` })
    expect(job).toMatchObject({ displayName: 'shaky', state: 'PIPELINE_STATE_SUCCEEDED' })
    const [made] = await site.clients.pipelines.createPipelineJob({
      parent,
      pipelineJobId: 'from-vertex',
      pipelineJob: {
        displayName: 'from Vertex',
        pipelineSpec: struct(shellPipeline({ only: { script: say } })),
        runtimeConfig: { gcsOutputDirectory: join(folder, 'runs'), parameterValues: { word: { stringValue: 'hi' } } },
      },
    })
    expect(made.name).toContain('from-vertex')
    const run = await until('its end', async () => {
      const { json } = await face()('GET', '/apis/v2beta1/runs/from-vertex')
      return json.state === 'SUCCEEDED' && json
    })
    const { json: experiment } = await face()('GET', `/apis/v2beta1/experiments/${run.experiment_id}`)
    expect([run.display_name, experiment.display_name]).toEqual(['from Vertex', 'Default'])
  })

  it('keep everything over a restart', async () => {
    const read = async () =>
      Promise.all(
        [
          `runs/${all.failing}`,
          `experiments/${all.wheat}`,
          `pipelines/${all.mill}/versions`,
          'runs',
          'experiments',
        ].map(async (path) => (await face()('GET', `/apis/v2beta1/${path}`)).json),
      )
    const before = await read()
    await site.restart()
    expect(await read()).toEqual(before)
  })
})
