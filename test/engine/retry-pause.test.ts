import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { EngineJobView } from '../../src/platform/engine/job.ts'
import { openEngine, until } from './workshop.ts'

const script = 'echo try >> "$0/tries"; test "$(wc -l < "$0/tries")" -ge 2'

const jobOf = (id: string, folder: string, backoff: string) => ({
  resourceName: `projects/p/locations/l/pipelineJobs/${id}`,
  id,
  spec: {
    pipelineInfo: { name: 'pausing' },
    schemaVersion: '2.1.0',
    root: {
      dag: {
        tasks: {
          part: { componentRef: { name: 'part' }, retryPolicy: { maxRetryCount: 1, backoffDuration: backoff } },
        },
      },
    },
    components: {
      part: { dag: { tasks: { shaky: { componentRef: { name: 'shaky' } } } } },
      shaky: { executorLabel: 'e' },
    },
    deploymentSpec: { executors: { e: { container: { image: 'i', command: ['sh', '-c', script, folder] } } } },
  },
  parameters: {},
  labels: {},
  pipelineRoot: '',
})

const inFolder = async (work: (root: string, views: Map<string, EngineJobView>) => Promise<void>): Promise<void> => {
  const root = await mkdtemp(join(tmpdir(), 'winnow-retry-'))
  try {
    await work(root, new Map())
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 5 })
  }
}

const open = (root: string, views: Map<string, EngineJobView>) =>
  openEngine(root, { containers: 'host', onUpdate: (view) => views.set(view.id, view) })
const pauses = (views: Map<string, EngineJobView>, id: string) => () =>
  views.get(id)?.tasks.some(({ reason }) => reason?.startsWith('Try 1 failed') === true) === true

it('a pause before another try ends with the job that is cancelled', () =>
  inFolder(async (root, views) => {
    const engine = open(root, views)
    await engine.start(jobOf('long', root, '3600s'))
    await until('the pause', pauses(views, 'long'))
    await engine.cancel('long')
    await until('the end', () => views.get('long')?.endedAt != null)
    expect(views.get('long')?.state).toBe('cancelled')
    await engine.close()
  }))

it('a pause is taken up by the next life of the engine', () =>
  inFolder(async (root, views) => {
    const first = open(root, views)
    await first.start(jobOf('short', root, '1s'))
    await until('the pause', pauses(views, 'short'))
    await first.close()
    const second = open(root, views)
    await second.resume()
    await until('the end', () => views.get('short')?.endedAt != null)
    expect(views.get('short')).toMatchObject({ state: 'succeeded', error: null })
    expect(views.get('short')?.tasks.map(({ path, parent, state }) => [path, parent, state])).toEqual([
      ['root.part', 'root', 'succeeded'],
      ['root.part.shaky', 'root.part', 'failed'],
      ['root.part~2.shaky', 'root.part', 'succeeded'],
    ])
    await second.close()
  }))
