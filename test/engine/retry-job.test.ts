import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import type { EngineJobView } from '../../src/platform/engine/job.ts'
import { jobOfSpec, openWorkshop, taskOf, until, type Workshop } from './workshop.ts'

const leaf = (name: string, after: readonly string[] = [], more: JsonObject = {}): JsonObject => ({
  componentRef: { name },
  dependentTasks: [...after],
  ...more,
})

/** Every task notes its place; `shaky` fails until there is a file `mended`, and `frail` fails once. */
const specIn = (folder: string): JsonObject => {
  const script = `
    echo "$1" >> "$0/marks"
    case "$1" in
      shaky) test -f "$0/mended" ;;
      frail) test "$(grep -c frail "$0/marks")" -ge 2 ;;
    esac`
  const executor = (name: string) => ({
    container: { image: 'i', command: ['sh', '-c', script, folder, name] },
  })
  const names = ['first', 'side', 'frail', 'shaky', 'last', 'exit']
  return {
    pipelineInfo: { name: 'again' },
    schemaVersion: '2.1.0',
    root: {
      dag: {
        tasks: {
          first: leaf('first'),
          side: leaf('side'),
          part: leaf('part', ['first'], { retryPolicy: { maxRetryCount: 1, backoffDuration: '0s' } }),
          shaky: leaf('shaky', ['part']),
          last: leaf('last', ['shaky']),
          exit: leaf('exit', ['shaky'], { triggerPolicy: { strategy: 'ALL_UPSTREAM_TASKS_COMPLETED' } }),
        },
      },
    },
    components: {
      ...Object.fromEntries(names.map((name) => [name, { executorLabel: name }])),
      part: { dag: { tasks: { frail: leaf('frail') } } },
    },
    deploymentSpec: { executors: Object.fromEntries(names.map((name) => [name, executor(name)])) },
  }
}

const marks = async ({ shared }: Workshop): Promise<readonly string[]> =>
  (await readFile(join(shared, 'marks'), 'utf8')).trim().split('\n').sort()

it('a failed job that is begun again does what failed and what came after it, and nothing that succeeded', async () => {
  const views: EngineJobView[] = []
  await using workshop = await openWorkshop({ containers: 'host', onUpdate: (view) => void views.push(view) })
  const job = jobOfSpec('job', specIn(workshop.shared), {})
  const ends = () => views.filter(({ endedAt }) => endedAt !== null)
  const endAfter = async (count: number, begin: () => Promise<void>) => {
    await begin()
    await until(`end ${count}`, () => ends().length >= count)
    return ends()[count - 1] as EngineJobView
  }
  const first = await endAfter(1, () => workshop.engine.start(job))
  expect(first.state).toBe('failed')
  expect(await marks(workshop)).toEqual(['exit', 'first', 'frail', 'frail', 'shaky', 'side'])

  const stillBroken = await endAfter(2, () => workshop.engine.retry(job))
  expect(stillBroken.state).toBe('failed')
  expect(await marks(workshop)).toEqual(['exit', 'exit', 'first', 'frail', 'frail', 'shaky', 'shaky', 'side'])

  await writeFile(join(workshop.shared, 'mended'), '')
  const mended = await endAfter(3, () => workshop.engine.retry(job))
  expect(mended).toMatchObject({ state: 'succeeded', error: null, uuid: first.uuid })
  expect((await marks(workshop)).filter((mark) => ['first', 'frail', 'side'].includes(mark))).toHaveLength(4)
  expect((await marks(workshop)).filter((mark) => mark === 'last')).toHaveLength(1)
  // Each try has a folder of its own, and the task's id stays.
  expect(taskOf(mended, 'shaky')).toMatchObject({ state: 'succeeded', attempts: 3, id: taskOf(first, 'shaky').id })
  expect(taskOf(mended, 'shaky').logUri).toMatch(/attempt-3\/executor\.log$/)
  await workshop.engine.resume()
  expect(workshop.engine.view('job')).toBeUndefined()
})
