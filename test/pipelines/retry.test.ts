import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import type { Effect } from '../../src/pipelines/execution.ts'
import { advance, startJob } from '../../src/pipelines/interpreter.ts'
import { drive, jobContext, specOf } from './drive.ts'

const leaf = { componentRef: { name: 'leaf' } }
const whole = (retryPolicy: JsonObject, more: JsonObject = {}) =>
  specOf({
    root: {
      dag: {
        tasks: {
          part: { componentRef: { name: 'part' }, retryPolicy, ...more },
          after: { ...leaf, dependentTasks: ['part'] },
        },
        outputs: { parameters: { o: { valueFromParameter: { producerSubtask: 'part', outputParameterKey: 'o' } } } },
      },
    },
    components: {
      leaf: { executorLabel: 'e', outputDefinitions: { parameters: { o: { parameterType: 'STRING' } } } },
      part: {
        dag: {
          tasks: { one: leaf, two: { ...leaf, dependentTasks: ['one'] } },
          outputs: { parameters: { o: { valueFromParameter: { producerSubtask: 'two', outputParameterKey: 'o' } } } },
        },
        outputDefinitions: { parameters: { o: { parameterType: 'STRING' } } },
      },
    },
    deploymentSpec: { executors: { e: { container: { image: 'i' } } } },
  })

const pausesOf = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'group' && effect.retry !== undefined ? [effect.retry.afterMs] : []))

describe('a sub-pipeline with a retry policy', () => {
  const policy = { maxRetryCount: 3, backoffDuration: '2s', backoffFactor: 3, backoffMaxDuration: '10s' }

  it('begins anew after a pause that grows to its limit, until a try succeeds', () => {
    const run = drive(whole(policy), {}, (task) =>
      task.name === 'two' && !task.path.includes('~4') ? { error: 'no' } : { parameters: { o: task.path } },
    )
    expect(pausesOf(run.effects)).toEqual([2000, 6000, 10_000])
    expect(run.end).toMatchObject({ state: 'succeeded', outputs: { parameters: { o: 'root.part~4.two' } } })
    expect([...run.started.keys()].filter((path) => path.endsWith('one'))).toEqual([
      'root.part.one',
      'root.part~2.one',
      'root.part~3.one',
      'root.part~4.one',
    ])
  })

  it('fails with the cause of the last try, and what waits for it is not triggered', () => {
    const run = drive(whole({ maxRetryCount: 1 }), {}, (task) => ({ error: `no at ${task.path}` }))
    expect(run.end).toMatchObject({ state: 'failed', error: 'root.part~2.one: no at root.part~2.one' })
    expect(run.states.get('root.after')).toBe('notTriggered')
  })

  it('does not make a job that fails fast give up before its last try', () => {
    const tries = (maxRetryCount: number) =>
      drive(whole({ maxRetryCount }), {}, (task) => (task.path === 'root.part.one' ? { error: 'no' } : {}), {
        failurePolicy: 'fast',
      }).end?.state
    expect(tries(0)).toBe('failed')
    expect(tries(1)).toBe('succeeded')
  })

  it('tries each turn of a loop by itself', () => {
    const loop = { parameterIterator: { itemInput: 'x', items: { raw: '[1, 2]' } } }
    const run = drive(whole({ maxRetryCount: 1 }, loop), {}, (task) =>
      task.path === 'root.part[1].one' ? { error: 'no' } : {},
    )
    expect(run.end?.state).toBe('succeeded')
    expect(run.started.has('root.part[1]~2.two')).toBe(true)
    expect(run.started.has('root.part[0]~2.one')).toBe(false)
  })

  it('is cancelled while it pauses', () => {
    let step = startJob(whole(policy), {}, jobContext)
    step = advance(step.state, { kind: 'failed', path: 'root.part.one', error: 'no' })
    expect(pausesOf(step.effects)).toEqual([2000])
    step = advance(step.state, { kind: 'cancel' })
    expect(step.effects.at(-1)).toMatchObject({ kind: 'end', state: 'cancelled' })
    expect(advance(step.state, { kind: 'resumed', path: 'root.part', failures: 1 }).effects).toEqual([])
  })
})
