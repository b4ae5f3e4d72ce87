import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ExecutionEvent, JobContext, TaskPath } from '../../../pipelines/execution.ts'
import { advance, startJob } from '../../../pipelines/interpreter.ts'
import type { JobState, Step } from '../../../pipelines/job-state.ts'
import { checkPipelineSpec } from '../../../pipelines/parse-pipeline.ts'
import type { JournalRecord } from './journal.ts'
import { hasEnded, standingRecords } from './journal-again.ts'

const context: JobContext = {
  resourceName: 'projects/p/locations/l/pipelineJobs/j',
  jobId: 'j',
  jobUuid: 'u',
  project: 'p',
  location: 'l',
  pipelineRoot: '/runs',
  workspacePath: '/scratch',
  taskId: (path) => path,
  artifactUri: (path, output) => `/runs/${path}/${output}`,
}

interface Shape {
  /** For each task, which of those before it it waits for. */
  readonly tasks: readonly (readonly boolean[])[]
  /** Tasks that run whatever becomes of what they wait for. */
  readonly always: readonly boolean[]
  /** A part of two tasks that is tried so often. */
  readonly tries: number
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  tasks: fc.array(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), { minLength: 1, maxLength: 8 }),
  always: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  tries: fc.integer({ min: 1, max: 3 }),
})

const specOf = ({ tasks, always, tries }: Shape) =>
  checkPipelineSpec({
    pipelineInfo: { name: 'again' },
    schemaVersion: '2.1.0',
    root: {
      dag: {
        tasks: Object.fromEntries(
          tasks.map((waits, at) => {
            const dependentTasks = tasks.flatMap((_, before) => (before < at && waits[before] ? [`t${before}`] : []))
            const isPart = at % 3 === 1
            return [
              `t${at}`,
              {
                componentRef: { name: isPart ? 'part' : 'leaf' },
                dependentTasks,
                ...(isPart && { retryPolicy: { maxRetryCount: tries - 1 } }),
                ...(always[at] && { triggerPolicy: { strategy: 'ALL_UPSTREAM_TASKS_COMPLETED' } }),
              },
            ]
          }),
        ),
      },
    },
    components: {
      leaf: { executorLabel: 'e' },
      part: {
        dag: {
          tasks: {
            one: { componentRef: { name: 'leaf' } },
            two: { componentRef: { name: 'leaf' }, dependentTasks: ['one'] },
          },
        },
      },
    },
    deploymentSpec: { executors: { e: { container: { image: 'i' } } } },
  })

/** Goes on with a job to its end, as its tasks fail by `fails`; gives the records and what was started. */
const carryOn = (begun: Step, records: readonly JournalRecord[], fails: (path: TaskPath) => boolean) => {
  const written: JournalRecord[] = []
  const waiting: ExecutionEvent[] = []
  const running = new Map<TaskPath, true>()
  let state: JobState = begun.state
  let end: string | undefined
  const take = (step: Step) => {
    state = step.state
    for (const effect of step.effects) {
      if (effect.kind === 'start') running.set(effect.task.path, true)
      if (effect.kind === 'group' && effect.retry)
        waiting.push({ kind: 'resumed', path: effect.path, failures: effect.retry.failures })
      if (effect.kind === 'end') end = effect.state
    }
  }
  const tell = (event: ExecutionEvent) => {
    if (event.kind !== 'cancel' && event.kind !== 'resumed') running.delete(event.path)
    take(advance(state, event))
  }
  take(begun)
  for (const record of records) {
    if (record.kind !== 'event') continue
    const { event } = record
    // A pause that the journal ends is not waited for again.
    if (event.kind === 'resumed') {
      const at = waiting.findIndex((other) => other.kind === 'resumed' && other.path === event.path)
      waiting.splice(at, 1)
    }
    tell(event)
  }
  const started = new Set(running.keys())
  const succeeded = new Set<TaskPath>()
  while (end === undefined) {
    const path = running.keys().next().value
    const event: ExecutionEvent | undefined =
      path === undefined
        ? waiting.shift()
        : fails(path)
          ? { kind: 'failed', path, error: 'no' }
          : { kind: 'succeeded', path, outputs: { parameters: {}, artifacts: {} } }
    if (event === undefined) throw new Error('the job is stuck')
    if (event.kind === 'succeeded') succeeded.add(event.path)
    written.push({ kind: 'event', at: 1, event, cached: false })
    tell(event)
    for (const other of running.keys()) started.add(other)
  }
  return { written, end, started, succeeded }
}

it('whatever failed, a job that is begun again does that and what came after it, and nothing else', () => {
  fc.assert(
    fc.property(shapes, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (shape, luck) => {
      const spec = specOf(shape)
      const begin = (): Step => startJob(spec, {}, context)
      const failsFirst = (path: TaskPath) =>
        luck[[...path].reduce((sum, char) => sum + char.charCodeAt(0), 0) % luck.length] === true
      const first = carryOn(begin(), [], failsFirst)
      const journal = [...first.written, { kind: 'end' as const, at: 1, state: 'failed' as const, error: null }]
      const again: readonly JournalRecord[] = [...journal, { kind: 'again', at: 2 }]
      const standing = standingRecords(again, begin)
      const second = carryOn(begin(), standing, () => false)

      expect([hasEnded(journal), hasEnded(again)]).toEqual([true, false])
      expect(second.end).toBe('succeeded')
      // A task that succeeded, in whichever try, and waits for nothing that did not, is not done again.
      const ended = (at: number) =>
        [...first.succeeded].some((path) => new RegExp(`^root\\.t${at}((~\\d+)?\\.two)?$`).test(path))
      const stands = (at: number): boolean =>
        ended(at) && (shape.tasks[at] ?? []).slice(0, at).every((waits, before) => !waits || stands(before))
      for (const at of shape.tasks.keys()) {
        const anew = [...second.started].some((path) => new RegExp(`^root\\.t${at}([.~].*)?$`).test(path))
        expect(anew).toBe(!stands(at))
      }
    }),
    { numRuns: 300 },
  )
})
