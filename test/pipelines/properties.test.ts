import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import type { Effect } from '../../src/pipelines/execution.ts'
import { advance, startJob } from '../../src/pipelines/interpreter.ts'
import type { JobState, Node } from '../../src/pipelines/job-state.ts'
import { tableValues } from '../../src/pipelines/node-table.ts'
import { answerOf, drive, jobContext, specOf } from './drive.ts'

interface Shape {
  readonly needs: readonly number[][]
  readonly exits: readonly boolean[]
  readonly conditions: readonly string[]
  readonly kinds: readonly ('task' | 'dag' | 'loop')[]
  readonly retries: readonly number[]
  readonly inner: Shape | null
}

const conditions = ['', '1 == 1', '1 == 2', "int('x') == 1"]

const shapeOf = (depth: number): fc.Arbitrary<Shape> =>
  fc.integer({ min: 0, max: depth === 0 ? 4 : 9 }).chain((size) =>
    fc.record({
      needs: fc.tuple(
        ...Array.from({ length: size }, (_, i) =>
          fc.uniqueArray(fc.nat(Math.max(0, i - 1)), { maxLength: i === 0 ? 0 : 3 }),
        ),
      ),
      exits: fc.array(
        fc.boolean().map((value) => value),
        { minLength: size, maxLength: size },
      ),
      conditions: fc.array(
        fc.oneof({ weight: 6, arbitrary: fc.constant('') }, { weight: 2, arbitrary: fc.constantFrom(...conditions) }),
        { minLength: size, maxLength: size },
      ),
      kinds: fc.array(fc.constantFrom('task' as const, 'task' as const, 'dag' as const, 'loop' as const), {
        minLength: size,
        maxLength: size,
      }),
      retries: fc.array(fc.constantFrom(0, 0, 0, 1, 2), { minLength: size, maxLength: size }),
      inner: depth === 0 ? fc.constant(null) : shapeOf(depth - 1),
    }),
  )

const dagOf = (shape: Shape, level: number): JsonObject => ({
  tasks: Object.fromEntries(
    shape.needs.map((needs, i) => {
      const kind = shape.inner === null ? 'task' : shape.kinds[i]
      return [
        `t${i}`,
        {
          componentRef: { name: kind === 'task' ? 'leaf' : `dag${level + 1}` },
          dependentTasks: needs.map((need) => `t${need}`),
          triggerPolicy: {
            ...(shape.exits[i] === true && i % 3 === 0 ? { strategy: 'ALL_UPSTREAM_TASKS_COMPLETED' } : {}),
            ...(shape.conditions[i] === '' ? {} : { condition: shape.conditions[i] }),
          },
          ...(kind === 'task' ? {} : { retryPolicy: { maxRetryCount: shape.retries[i] ?? 0 } }),
          ...(kind === 'loop'
            ? {
                parameterIterator: { itemInput: 'item', items: { raw: '[1, 2, 3]' } },
                iteratorPolicy: { parallelismLimit: i % 3 },
              }
            : {}),
        },
      ]
    }),
  ),
})

const specFrom = (shape: Shape) => {
  const components: Record<string, JsonObject> = { leaf: { executorLabel: 'e' } }
  for (let [at, level] = [shape.inner, 1]; at !== null; [at, level] = [at.inner, level + 1])
    components[`dag${level}`] = { dag: dagOf(at, level) }
  return specOf({
    root: { dag: dagOf(shape, 0) },
    components,
    deploymentSpec: { executors: { e: { container: { image: 'i' } } } },
  })
}

const plain = (state: JobState): unknown => {
  const { context: _, spec: __, nodes, ...rest } = state
  const bare = (node: Node) => ({ ...node, task: null, component: null })
  return JSON.parse(
    JSON.stringify({ ...rest, nodes: [...tableValues(nodes)].map(bare).sort((a, b) => (a.path < b.path ? -1 : 1)) }),
  )
}

const scenario = fc.record({
  shape: shapeOf(2),
  picks: fc.infiniteStream(fc.nat(50)),
  fails: fc.infiniteStream(fc.constantFrom(false, false, false, false, true)),
  fast: fc.boolean(),
  cancelAfter: fc.option(fc.nat(12), { nil: -1 }),
})

const run = ({
  shape,
  picks,
  fails,
  fast,
  cancelAfter,
}: {
  shape: Shape
  picks: Iterator<number>
  fails: Iterator<boolean>
  fast: boolean
  cancelAfter: number
}) => {
  const spec = specFrom(shape)
  const driven = drive(spec, {}, () => (fails.next().value === true ? { error: 'no' } : {}), {
    failurePolicy: fast ? 'fast' : 'slow',
    cancelAfter,
    pick: () => picks.next().value as number,
  })
  return { spec, driven }
}

/** Everything that began, ended or was passed over, in order. */
const timeline = (effects: readonly Effect[]) =>
  effects.flatMap((effect) =>
    effect.kind === 'start' ? [effect.task.path] : effect.kind === 'end' ? [] : [effect.path],
  )

describe('any pipeline', () => {
  it('ends exactly once, with every task begun at most once and none left waiting or running', () => {
    fc.assert(
      fc.property(scenario, (made) => {
        const { driven } = run(made)
        expect(driven.effects.filter(({ kind }) => kind === 'end')).toHaveLength(1)
        expect(driven.effects.at(-1)?.kind).toBe('end')
        const starts = driven.effects.flatMap((effect) => (effect.kind === 'start' ? [effect.task.path] : []))
        expect(new Set(starts).size).toBe(starts.length)
        for (const node of tableValues(driven.state.nodes)) {
          expect(['waiting', 'running']).not.toContain(node.state)
          expect(node.open).toBe(0)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('begins no task before what it needs has ended, and none after a failed need but exit tasks', () => {
    fc.assert(
      fc.property(scenario, (made) => {
        const { driven } = run(made)
        const nodes = new Map([...tableValues(driven.state.nodes)].map((node) => [node.path, node]))
        const ended = new Map<string, number>()
        const begun = new Map<string, number>()
        let clock = 0
        const note = (effects: readonly Effect[]): void => {
          for (const effect of effects) {
            clock++
            if (effect.kind === 'start') begun.set(effect.task.path, clock)
            else if (effect.kind === 'skip') ended.set(effect.path, clock)
            else if (effect.kind === 'group') (effect.state === 'running' ? begun : ended).set(effect.path, clock)
          }
        }
        let step = startJob(driven.state.spec, {}, jobContext, { failurePolicy: made.fast ? 'fast' : 'slow' })
        note(step.effects)
        for (const event of driven.events) {
          if (event.kind !== 'cancel') ended.set(event.path, ++clock)
          step = advance(step.state, event)
          note(step.effects)
        }
        for (const [path, at] of begun) {
          const node = nodes.get(path)
          if (node?.task === null || node === undefined || path.endsWith(']')) continue
          for (const need of node.task.dependentTasks ?? []) {
            const upstream = `${path.slice(0, path.lastIndexOf('.'))}.${need}`
            expect(ended.get(upstream) ?? Number.POSITIVE_INFINITY).toBeLessThan(at)
            if (node.task.triggerPolicy?.strategy === undefined) expect(nodes.get(upstream)?.state).toBe('succeeded')
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('comes to the same state and effects when its events are replayed, also with each event told twice', () => {
    fc.assert(
      fc.property(scenario, (made) => {
        const { spec, driven } = run(made)
        for (const times of [1, 2]) {
          let step = startJob(spec, {}, jobContext, { failurePolicy: made.fast ? 'fast' : 'slow' })
          const effects = [...step.effects]
          for (const event of driven.events) {
            for (let i = 0; i < times; i++) {
              step = advance(step.state, event)
              effects.push(...step.effects)
            }
          }
          expect(plain(step.state)).toEqual(plain(driven.state))
          expect(timeline(effects)).toEqual(timeline(driven.effects))
        }
      }),
      { numRuns: 100 },
    )
  })

  it('leaves the state it is given as it was', () => {
    fc.assert(
      fc.property(scenario, (made) => {
        const { spec, driven } = run(made)
        const first = startJob(spec, {}, jobContext, { failurePolicy: made.fast ? 'fast' : 'slow' }).state
        const before = plain(first)
        for (let [i, state] = [0, first]; i < driven.events.length; i++)
          state = advance(state, driven.events[i] ?? { kind: 'cancel' }).state
        expect(plain(first)).toEqual(before)
      }),
      { numRuns: 50 },
    )
  })

  it('fails exactly where a task failed, unless it was cancelled', () => {
    fc.assert(
      fc.property(scenario, (made) => {
        const { driven } = run(made)
        if (driven.events.some(({ kind }) => kind === 'cancel')) return
        // What failed in a try that was made good by a later one does not count.
        const nodes = [...tableValues(driven.state.nodes)]
        const last = new Map(nodes.map(({ path, tries }) => [path, tries]))
        const isLast = (path: string): boolean =>
          path.split('.').every((_, i, parts) => {
            const [group = '', tried = '1'] = parts
              .slice(0, i)
              .join('.')
              .split(/~(?=\d+$)/)
            return i === 0 || Number(tried) === (last.get(group) ?? 1)
          })
        const failed = nodes.some(({ kind, state, path }) => kind === 'task' && state === 'failed' && isLast(path))
        expect(driven.end?.state).toBe(failed ? 'failed' : 'succeeded')
      }),
      { numRuns: 200 },
    )
  })
})

describe('exit tasks, limits and skipped branches', () => {
  it('runs an exit task exactly once, whatever became of what it waits for', () => {
    fc.assert(
      fc.property(scenario, (made) => {
        const { driven } = run({ ...made, fast: false, cancelAfter: -1 })
        const begun = driven.effects.flatMap((effect) =>
          effect.kind === 'start'
            ? [effect.task.path]
            : effect.kind === 'group' && effect.state === 'running' && effect.retry === undefined
              ? [effect.path]
              : [],
        )
        for (const { path, task } of tableValues(driven.state.nodes)) {
          const isExit = task?.triggerPolicy?.strategy !== undefined && task.triggerPolicy.condition === undefined
          // A sub-pipeline that is tried again begins again.
          if (!isExit || path.endsWith(']') || (task.retryPolicy?.maxRetryCount ?? 0) > 0) continue
          expect(begun.filter((one) => one === path)).toHaveLength(1)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('never has more turns of a loop under way than its limit', () => {
    const turn = (path: string) => /^(.*)\[\d+\]$/.exec(path)?.[1]
    fc.assert(
      fc.property(scenario, (made) => {
        const { driven } = run(made)
        const open = new Map<string, Set<string>>()
        const count = (path: string, begins: boolean): void => {
          const loop = turn(path)
          if (loop === undefined) return
          const turns = open.get(loop) ?? new Set()
          if (begins) turns.add(path)
          else turns.delete(path)
          open.set(loop, turns)
          const task = [...tableValues(driven.state.nodes)].find((node) => node.path === loop)?.task
          const limit = task?.iteratorPolicy?.parallelismLimit ?? 0
          if (limit > 0) expect(turns.size).toBeLessThanOrEqual(limit)
        }
        let step = startJob(driven.state.spec, {}, jobContext, { failurePolicy: made.fast ? 'fast' : 'slow' })
        const note = (effects: readonly Effect[]): void => {
          for (const effect of effects) {
            if (effect.kind === 'start') count(effect.task.path, true)
            if (effect.kind === 'group') count(effect.path, effect.state === 'running')
          }
        }
        note(step.effects)
        for (const event of driven.events) {
          if (event.kind !== 'cancel' && event.kind !== 'resumed') count(event.path, false)
          step = advance(step.state, event)
          note(step.effects)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('leaves outputs of what was skipped absent: nothing fails, and who needs them is skipped too', () => {
    const task = fc.record({
      runs: fc.boolean(),
      from: fc.option(fc.nat(20), { nil: undefined }),
      optional: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(task, { minLength: 1, maxLength: 12 }), (tasks) => {
        const producerOf = (i: number) => {
          const from = tasks[i]?.from
          return i === 0 || from === undefined ? undefined : from % i
        }
        const input = (i: number): JsonObject => {
          const from = producerOf(i)
          return from === undefined
            ? {}
            : { x: { taskOutputParameter: { producerTask: `t${from}`, outputParameterKey: 'o' } } }
        }
        const wrap = (i: number): JsonObject => ({
          dag: {
            tasks: {
              in: {
                componentRef: { name: 'leaf' },
                ...(tasks[i]?.runs === true ? {} : { triggerPolicy: { condition: '1 == 2' } }),
              },
            },
            outputs: { parameters: { o: { valueFromParameter: { producerSubtask: 'in', outputParameterKey: 'o' } } } },
          },
          inputDefinitions: {
            parameters: { x: { parameterType: 'STRING', isOptional: tasks[i]?.optional ?? false } },
          },
          outputDefinitions: { parameters: { o: { parameterType: 'STRING' } } },
        })
        const spec = specOf({
          root: {
            dag: {
              tasks: Object.fromEntries(
                tasks.map((_, i) => [`t${i}`, { componentRef: { name: `c${i}` }, inputs: { parameters: input(i) } }]),
              ),
              outputs: {
                parameters: Object.fromEntries(
                  tasks.map((_, i) => [
                    `o${i}`,
                    { valueFromParameter: { producerSubtask: `t${i}`, outputParameterKey: 'o' } },
                  ]),
                ),
              },
            },
          },
          components: {
            leaf: { executorLabel: 'e', outputDefinitions: { parameters: { o: { parameterType: 'STRING' } } } },
            ...Object.fromEntries(tasks.map((_, i) => [`c${i}`, wrap(i)])),
          },
          deploymentSpec: { executors: { e: { container: { image: 'i' } } } },
        })
        const driven = drive(spec)
        expect(driven.end?.state).toBe('succeeded')
        // Who reads a skipped task is skipped; who reads what is missing from one that ran may do without.
        const begins = (i: number): boolean => {
          const from = producerOf(i)
          return from === undefined || (begins(from) && (present(from) || tasks[i]?.optional === true))
        }
        const present = (i: number): boolean => begins(i) && tasks[i]?.runs === true
        const expected = tasks.flatMap((_, i) => (present(i) ? [`o${i}`] : []))
        expect(Object.keys(driven.end?.outputs.parameters ?? {}).sort()).toEqual(expected.sort())
      }),
      { numRuns: 200 },
    )
  })
})

describe('large jobs', () => {
  const timed = (size: number, kind: 'chain' | 'wide' | 'loop'): number => {
    const tasks =
      kind === 'loop'
        ? {
            all: {
              componentRef: { name: 'leaf' },
              parameterIterator: {
                itemInput: 'x',
                items: { raw: JSON.stringify(Array.from({ length: size }, (_, i) => i)) },
              },
            },
          }
        : Object.fromEntries(
            Array.from({ length: size }, (_, i) => [
              `t${i}`,
              {
                componentRef: { name: 'leaf' },
                dependentTasks: i === 0 ? [] : [kind === 'chain' ? `t${i - 1}` : 't0'],
              },
            ]),
          )
    const spec = specOf({
      root: { dag: { tasks } },
      components: { leaf: { executorLabel: 'e' } },
      deploymentSpec: { executors: { e: { container: { image: 'i' } } } },
    })
    const began = process.cpuUsage()
    let step = startJob(spec, {}, jobContext)
    const queue = [...step.effects]
    let ended = 0
    for (let i = 0; i < queue.length; i++) {
      const effect = queue[i]
      if (effect?.kind !== 'start') continue
      step = advance(step.state, { kind: 'succeeded', path: effect.task.path, outputs: answerOf(effect.task) })
      queue.push(...step.effects)
      ended++
    }
    expect(ended).toBe(size)
    expect(queue.at(-1)).toMatchObject({ kind: 'end', state: 'succeeded' })
    const { user, system } = process.cpuUsage(began)
    return user + system
  }

  // Processor time, at sizes past the young generation's. Quadratic work would take 64 times as long for 8 times the tasks.
  it.each(['chain', 'wide', 'loop'] as const)('takes time in proportion to the tasks (%s)', (kind) => {
    timed(1000, kind)
    const small = Math.min(timed(2000, kind), timed(2000, kind), timed(2000, kind))
    const large = Math.min(timed(16_000, kind), timed(16_000, kind))
    expect(large / small).toBeLessThan(40)
  })
})
