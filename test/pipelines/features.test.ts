import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import { parsePipeline } from '../../src/pipelines/parse-pipeline.ts'
import { type Answer, artifact, componentIs, drive, type FakeExecutor, fixture, fixtureText, specOf } from './drive.ts'

/** What the components of fixtures/steps.py do, in small. */
const steps: FakeExecutor = (task) => {
  const input = task.inputs.parameters
  const is = (name: string): boolean => componentIs(task, name)
  const out = (value: Json): Answer => ({ parameters: { Output: value } })
  if (is('fail')) return { error: 'it fails' }
  if (is('say')) return out(input['text'] ?? null)
  if (is('add')) return out(Number(input['a']) + Number(input['b']))
  if (is('flip')) return out(Number(input['seed']) % 2 === 0 ? 'heads' : 'tails')
  if (is('numbers')) return out(Array.from({ length: Number(input['n']) }, (_, i) => i))
  if (is('table')) return out(Array.from({ length: Number(input['n']) }, (_, i) => ({ a: i, b: i * i })))
  if (is('total')) return out((input['values'] as number[]).reduce((sum, value) => sum + value, 0))
  if (is('merge')) return out(task.inputs.artifacts['parts']?.length ?? -1)
  if (is('make-data')) return { artifacts: { data: [artifact(`/${task.path}`, { rows: input['rows'] ?? null })] } }
  if (is('on-exit')) return out((input['status'] as JsonObject)['state'] as string)
  if (is('evaluate')) return out('true')
  return {}
}

describe('constants, defaults and types', () => {
  it('keeps ints ints, fills in texts, and takes a parameter called "on"', () => {
    const run = drive(fixture('hello.yaml'), { who: 'you', items: [1, 2.5, 'x'] }, steps)
    expect(run.end).toMatchObject({ state: 'succeeded', outputs: { parameters: { Output: 'hello you, yes!' } } })
    expect(run.started.get('root.show')?.inputs.parameters).toEqual({
      value: { a: 1 },
      flag: true,
      items: [1, 2.5, 'x'],
    })
    expect(JSON.stringify(run.started.get('root.add')?.inputs.parameters)).toBe('{"a":3,"b":2}')
  })

  it('hands on the retry policy and switches the cache off where the task says so', () => {
    const run = drive(fixture('hello.yaml'), {}, steps)
    expect(run.started.get('root.say-2')?.retry).toEqual({
      maxRetries: 2,
      backoffMs: 3000,
      factor: 1.5,
      maxBackoffMs: 60000,
    })
    expect(run.started.get('root.say')).toMatchObject({ cacheable: true, retry: { maxRetries: 0 } })
    expect(run.started.get('root.show')).toMatchObject({ cacheable: false, cacheKey: null })
  })

  it('gives the same cache key for the same work, and another for other inputs', () => {
    const keyOf = (who: string) => drive(fixture('hello.yaml'), { who }, steps).started.get('root.say')?.cacheKey
    expect(keyOf('a')).toMatch(/^sha256:/)
    expect(keyOf('a')).toBe(keyOf('a'))
    expect(keyOf('a')).not.toBe(keyOf('b'))
  })

  it('leaves optional inputs absent, and hands over environment and resources', () => {
    const run = drive(fixture('artifacts.yaml'), {}, steps)
    expect(run.started.get('root.optional')?.inputs).toEqual({ parameters: { n: 7 }, artifacts: {} })
    expect(run.started.get('root.optional-2')?.inputs.parameters).toEqual({ a: 'k', n: 7 })
    expect(run.started.get('root.optional-2')?.inputs.artifacts['data']).toHaveLength(1)
    const executor = run.started.get('root.read-model')?.executor
    expect(executor).toMatchObject({ kind: 'container', env: { A: 'b' } })
    expect(JSON.stringify(executor)).toMatch(/memory/i)
    expect(run.end?.outputs.artifacts['Output']?.[0]?.uri).toBe('/runs/root.train/model')
  })

  it('refuses an output that is not of its declared type, and fails the task', () => {
    const run = drive(fixture('nested.yaml'), {}, () => ({ parameters: { Output: 'many' } }))
    expect(run.end).toMatchObject({ state: 'failed' })
    expect(run.end?.error).toBe('root.inner.add: its output "Output": expected a whole number, got the string "many"')
  })

  it('reads the text of an output file as its declared type', () => {
    const run = drive(fixture('nested.yaml'), {}, () => ({ parameters: { Output: '41' } }))
    expect(run.end?.outputs.parameters['Output']).toBe(41)
  })

  it('names the producer of an input that was left unwritten, even where only a condition reads it', () => {
    const spec = fixture('beans.yaml')
    const run = drive(spec, { project: 'p' }, (task) => {
      const outputs = steps(task) ?? {}
      return task.name === 'evaluate' ? { parameters: { Output: undefined as unknown as Json } } : outputs
    })
    expect(run.end?.state).toBe('failed')
    expect(run.end?.error).toMatch(
      /root\.condition-1: input "pipelinechannel--evaluate-Output": task "evaluate" should make/,
    )
  })
})

describe('branches', () => {
  it.each<[number, string, string]>([
    [0, 'it was heads', 'condition-2'],
    [11, 'large', 'condition-3'],
    [3, 'it was tails', 'condition-4'],
  ])('seed %d takes one branch and OneOf picks its output', (seed, text, branch) => {
    const run = drive(fixture('branches.yaml'), { seed }, steps)
    expect(run.end).toMatchObject({ state: 'succeeded', outputs: { parameters: { Output: text } } })
    expect(run.started.get('root.say-4')?.inputs.parameters).toEqual({ text })
    for (const name of ['condition-2', 'condition-3', 'condition-4']) {
      expect(run.states.get(`root.condition-branches-1.${name}`)).toBe(name === branch ? 'succeeded' : 'skipped')
    }
  })

  it('compares a text with quotes and backslashes as kfp writes it', () => {
    expect(drive(fixture('branches.yaml'), {}, steps).states.get('root.condition-5')).toBe('succeeded')
    expect(drive(fixture('branches.yaml'), { word: 'other' }, steps).states.get('root.condition-5')).toBe('skipped')
  })

  it.each([0, 1])('picks one of several artifacts (seed %d)', (seed) => {
    const run = drive(fixture('one-of-artifact.yaml'), { seed }, steps)
    expect(run.end?.outputs.artifacts['Output']).toMatchObject([{ metadata: { rows: seed + 1 } }])
    expect(run.started.get('root.train')?.inputs.artifacts['data']).toMatchObject([{ metadata: { rows: seed + 1 } }])
  })

  const maybe = specOf({
    root: {
      dag: {
        tasks: {
          never: { componentRef: { name: 'comp-branch' }, triggerPolicy: { condition: '1 == 2' } },
          outer: { componentRef: { name: 'comp-outer' } },
          eager: {
            componentRef: { name: 'comp-eager' },
            inputs: { parameters: { x: { taskOutputParameter: { producerTask: 'outer', outputParameterKey: 'x' } } } },
          },
          easy: {
            componentRef: { name: 'comp-easy' },
            inputs: { parameters: { x: { taskOutputParameter: { producerTask: 'outer', outputParameterKey: 'x' } } } },
          },
          after: { componentRef: { name: 'comp-easy' }, dependentTasks: ['never'] },
        },
        outputs: { parameters: { x: { valueFromParameter: { producerSubtask: 'outer', outputParameterKey: 'x' } } } },
      },
      outputDefinitions: { parameters: { x: { parameterType: 'STRING' } } },
    },
    components: {
      'comp-outer': {
        dag: {
          tasks: { inner: { componentRef: { name: 'comp-branch' }, triggerPolicy: { condition: "'a' == 'b'" } } },
          outputs: { parameters: { x: { valueFromParameter: { producerSubtask: 'inner', outputParameterKey: 'x' } } } },
        },
        outputDefinitions: { parameters: { x: { parameterType: 'STRING' } } },
      },
      'comp-branch': { executorLabel: 'e', outputDefinitions: { parameters: { x: { parameterType: 'STRING' } } } },
      'comp-eager': { executorLabel: 'e', inputDefinitions: { parameters: { x: { parameterType: 'STRING' } } } },
      'comp-easy': {
        executorLabel: 'e',
        inputDefinitions: { parameters: { x: { parameterType: 'STRING', isOptional: true } } },
      },
    },
    deploymentSpec: { executors: { e: { container: { image: 'alpine' } } } },
  })

  it('leaves outputs of a skipped branch absent: who needs them is skipped, who may do without runs', () => {
    const run = drive(maybe)
    expect(run.end).toEqual({
      kind: 'end',
      state: 'succeeded',
      outputs: { parameters: {}, artifacts: {} },
      error: null,
    })
    expect(run.states.get('root.eager')).toBe('skipped')
    expect(run.reasons.get('root.eager')).toBe('It was skipped: its input "x" does not exist: "inner" was skipped.')
    expect(run.started.get('root.easy')?.inputs.parameters).toEqual({})
    expect(run.reasons.get('root.after')).toBe('It needs "never", which was skipped.')
    expect([...run.started.keys()]).toEqual(['root.easy'])
  })

  it('fails a task whose condition cannot be evaluated', () => {
    const spec = specOf({
      root: { dag: { tasks: { t: { componentRef: { name: 'c' }, triggerPolicy: { condition: "int('x') == 1" } } } } },
      components: { c: { executorLabel: 'e' } },
      deploymentSpec: { executors: { e: { container: { image: 'alpine' } } } },
    })
    const run = drive(spec)
    expect(run.end?.state).toBe('failed')
    expect(run.end?.error).toMatch(
      /^root\.t: the condition `int\('x'\) == 1` cannot be evaluated: int\(\) .*cannot convert to int/,
    )
    expect(run.started.size).toBe(0)
  })
})

describe('loops', () => {
  it('gives each turn its item, collects in order, and keeps to the parallelism limit', () => {
    const limited = drive(fixture('loops.yaml'), {}, (task) =>
      task.path.startsWith('root.for-loop-2') ? steps(task) : steps(task),
    )
    expect(limited.started.get('root.total')?.inputs.parameters).toEqual({ values: [2, 6, 8] })
    expect(limited.end).toMatchObject({ state: 'succeeded', outputs: { parameters: { Output: 16 } } })
    let open = 0
    let most = 0
    for (const effect of limited.effects) {
      if (effect.kind !== 'group' || !/^root\.for-loop-2\[\d\]$/.test(effect.path)) continue
      open += effect.state === 'running' ? 1 : -1
      most = Math.max(most, open)
    }
    expect(most).toBe(2)
  })

  it('collects in the order of the items, whichever turn ends first', () => {
    const run = drive(fixture('loops.yaml'), {}, steps, { pick: (running) => running - 1 })
    expect(run.started.get('root.total')?.inputs.parameters).toEqual({ values: [2, 6, 8] })
  })

  it('runs nested loops with subvariables of both, and loops over outputs', () => {
    const run = drive(fixture('loops.yaml'), { n: 2, names: ['p', 'q', 'r'] }, steps)
    expect(run.started.get('root.for-loop-6[1].for-loop-8[0].add-4')?.inputs.parameters).toEqual({ a: 100, b: 1 })
    expect(run.started.get('root.for-loop-6[1].add-3')?.inputs.parameters).toEqual({ a: 2, b: 1 })
    expect(run.started.get('root.for-loop-3[1].for-loop-4[2].say')?.inputs.parameters).toEqual({ text: 'r' })
    expect(run.states.get('root.for-loop-9[0].condition-10')).toBe('skipped')
    expect(run.started.get('root.for-loop-9[1].condition-10.add-5')?.inputs.parameters).toEqual({ a: 1, b: 1 })
  })

  it('loops over artifacts and collects them', () => {
    const run = drive(fixture('loop-artifacts.yaml'), { n: 4 }, steps)
    expect(run.end).toMatchObject({ state: 'succeeded', outputs: { parameters: { Output: 3 } } })
    expect(run.started.get('root.merge')?.inputs.artifacts['parts']?.map(({ metadata }) => metadata['rows'])).toEqual([
      1, 2, 3,
    ])
    expect(run.started.get('root.for-loop-5[3].train')?.inputs.artifacts['data']).toMatchObject([
      { metadata: { rows: 3 } },
    ])
    expect(run.started.get('root.for-loop-2[2].for-loop-4[1].add')?.inputs.parameters).toEqual({ a: 20, b: 3 })
  })

  it('succeeds with empty lists where there are no items', () => {
    const run = drive(fixture('loop-artifacts.yaml'), { n: 0 }, steps)
    expect(run.states.get('root.for-loop-5')).toBe('succeeded')
    expect(run.end?.state).toBe('succeeded')
  })

  const over = (iterator: JsonObject, inputs: JsonObject = {}) =>
    specOf({
      root: {
        dag: {
          tasks: { each: { componentRef: { name: 'c' }, inputs, ...iterator } },
          outputs: {
            parameters: { all: { valueFromParameter: { producerSubtask: 'each', outputParameterKey: 'o' } } },
          },
        },
        inputDefinitions: {
          parameters: { list: { parameterType: 'STRUCT', defaultValue: { deep: '{"x": [[1], [2, 3]]}' } } },
        },
        outputDefinitions: { parameters: { all: { parameterType: 'LIST' } } },
      },
      components: {
        c: {
          executorLabel: 'e',
          inputDefinitions: { parameters: { item: { parameterType: 'LIST' } } },
          outputDefinitions: { parameters: { o: { parameterType: 'NUMBER_INTEGER' } } },
        },
      },
      deploymentSpec: { executors: { e: { container: { image: 'alpine' } } } },
    })

  it('loops an executor itself, over what a nested selector picks', () => {
    const run = drive(
      over(
        { parameterIterator: { itemInput: 'item', items: { inputParameter: 'picked' } } },
        {
          parameters: {
            picked: {
              componentInputParameter: 'list',
              parameterExpressionSelector: 'parseJson(parseJson(string_value)["deep"])["x"]',
            },
          },
        },
      ),
      {},
      (task) => ({ parameters: { o: (task.inputs.parameters['item'] as Json[]).length } }),
    )
    expect([...run.started.keys()]).toEqual(['root.each[0]', 'root.each[1]'])
    expect(run.end?.outputs.parameters['all']).toEqual([1, 2])
  })

  it.each<[string, JsonObject, RegExp]>([
    ['items of another type', { raw: '[[1], 2]' }, /item 1: expected a list, got the number 2/],
    ['items that are no list', { inputParameter: 'item' }, /its input "item" has no value/],
  ])('fails over %s', (_, items, reason) => {
    const run = drive(over({ parameterIterator: { itemInput: 'item', items } }))
    expect(run.end).toMatchObject({ state: 'failed', error: expect.stringMatching(reason) })
  })

  it('lets the other turns end where one fails, and begins those that were left', () => {
    const run = drive(
      over({
        parameterIterator: { itemInput: 'item', items: { raw: '[[1],[2],[3]]' } },
        iteratorPolicy: { parallelismLimit: 1 },
      }),
      {},
      (task) => (task.path === 'root.each[0]' ? { error: 'bad item' } : {}),
    )
    expect([...run.started.keys()]).toEqual(['root.each[0]', 'root.each[1]', 'root.each[2]'])
    expect(run.width).toBe(1)
    expect(run.end).toMatchObject({ state: 'failed', error: 'root.each[0]: bad item' })
  })
})

describe('failure, exit tasks and cancelling', () => {
  it('runs exit tasks with the final status of what they guard, and the job fails all the same', () => {
    const run = drive(fixture('guarded.yaml'), {}, steps)
    expect(run.end).toMatchObject({ state: 'failed', error: 'root.exit-handler-1.fail: it fails' })
    expect(run.started.get('root.on-exit')?.inputs.parameters['status']).toEqual({
      state: 'FAILED',
      pipelineJobResourceName: 'projects/p/locations/l/pipelineJobs/job-1',
      pipelineTaskName: 'exit-handler-1',
      error: { code: 9, message: 'root.exit-handler-1.fail: it fails' },
    })
    expect(run.started.get('root.on-exit-2')?.inputs.parameters['status']).toMatchObject({
      state: 'SUCCEEDED',
      error: {},
    })
    expect(run.end?.outputs.parameters['Output']).toBe('FAILED')
  })

  it('runs a task that ignores upstream failures, with its default for what was not made', () => {
    expect([...drive(fixture('ignoring.yaml'), {}, steps).started.keys()]).toEqual(['root.fail', 'root.say'])
    const run = drive(fixture('ignoring-input.yaml'), {}, (task) =>
      task.path === 'root.inner.add' ? { error: 'no' } : steps(task),
    )
    expect(run.states.get('root.inner.add-2')).toBe('notTriggered')
    expect(run.states.get('root.add')).toBe('notTriggered')
    expect(run.reasons.get('root.add')).toBe('It needs "inner", which failed.')
    expect(run.end?.state).toBe('failed')
    expect(run.started.get('root.add-2')?.inputs.parameters).toEqual({ a: 7, b: 1 })
  })

  const two = (strategy?: string) =>
    specOf({
      root: {
        dag: {
          tasks: {
            a: { componentRef: { name: 'c' } },
            b: { componentRef: { name: 'c' } },
            afterA: { componentRef: { name: 'c' }, dependentTasks: ['a'] },
            afterB: { componentRef: { name: 'c' }, dependentTasks: ['b'] },
            exit: {
              componentRef: { name: 'c' },
              dependentTasks: ['afterB'],
              triggerPolicy: { strategy: strategy ?? '' },
            },
          },
        },
      },
      components: { c: { executorLabel: 'e' } },
      deploymentSpec: { executors: { e: { container: { image: 'alpine' } } } },
    })
  const failing: FakeExecutor = (task) => (task.name === 'a' ? { error: 'no' } : {})

  it('goes on with what does not depend on a failure', () => {
    const run = drive(two(), {}, failing)
    expect([...run.started.keys()]).toEqual(['root.a', 'root.b', 'root.afterB', 'root.exit'])
    expect(run.states.get('root.afterA')).toBe('notTriggered')
    expect(run.end).toMatchObject({ state: 'failed', error: 'root.a: no' })
  })

  it('begins nothing new but exit tasks where the job fails fast', () => {
    const run = drive(two(), {}, failing, { failurePolicy: 'fast' })
    expect([...run.started.keys()]).toEqual(['root.a', 'root.b'])
    expect(run.end).toMatchObject({ state: 'failed', error: 'root.a: no' })
    const guarded = drive(fixture('guarded.yaml'), {}, steps, { failurePolicy: 'fast' })
    expect(guarded.started.has('root.on-exit')).toBe(true)
  })

  it('cancels: what runs ends, nothing new begins but exit tasks of what had begun', () => {
    const cancelled: FakeExecutor = (task) =>
      task.name === 'on-exit' || task.name === 'on-exit-2' ? steps(task) : { cancelled: true }
    const run = drive(fixture('guarded.yaml'), {}, cancelled, { cancelAfter: 0 })
    expect(run.end?.state).toBe('cancelled')
    expect(run.started.get('root.on-exit')?.inputs.parameters['status']).toMatchObject({
      state: 'CANCELLED',
      error: { code: 1 },
    })
    expect(run.states.get('root.exit-handler-1.fail')).toBe('notTriggered')
    const plain = drive(two('ALL_UPSTREAM_TASKS_COMPLETED'), {}, () => ({ cancelled: true }), { cancelAfter: 0 })
    expect([...plain.started.keys()]).toEqual(['root.a', 'root.b'])
    expect(plain.states.get('root.exit')).toBe('notTriggered')
  })

  it('ends no loop turn twice and begins none after a cancel', () => {
    const run = drive(fixture('loops.yaml'), {}, steps, { cancelAfter: 2 })
    expect(run.end?.state).toBe('cancelled')
    const groups = run.effects
      .filter((effect) => effect.kind === 'group' && effect.state !== 'running')
      .map((effect) => 'path' in effect && effect.path)
    expect(new Set(groups).size).toBe(groups.length)
    expect(run.started.has('root.for-loop-2[2].add')).toBe(false)
  })

  it('counts a task that somebody cancelled as failed', () => {
    const run = drive(two(), {}, (task) => (task.name === 'a' ? { cancelled: true } : {}))
    expect(run.end).toMatchObject({ state: 'failed', error: 'root.a: It was cancelled.' })
    expect(run.states.get('root.afterA')).toBe('notTriggered')
  })
})

describe('importers and the rest', () => {
  it('resolves constant and runtime URIs, and placeholders in metadata', () => {
    const run = drive(fixture('importing.yaml'), { uri: 'gs://mine/x', key: 'colour' }, steps)
    expect(run.started.get('root.importer')?.executor).toEqual({
      kind: 'importer',
      uri: 'gs://bucket/a',
      type: { schemaTitle: 'system.Dataset', schemaVersion: '0.0.1' },
      metadata: { rows: 3, nested: { key: ['v', 1] } },
      reimport: true,
      downloadToWorkspace: false,
    })
    expect(run.started.get('root.importer-2')?.executor).toMatchObject({
      uri: 'gs://mine/x',
      metadata: { key: 'colour', colour: 'v' },
    })
    expect(run.started.get('root.importer-3')?.executor).toMatchObject({ uri: 'gs://bucket/c' })
  })

  it('runs the lesson of the beans: the deploying branch only where the metrics allow it', () => {
    const good = drive(fixture('beans.yaml'), { project: 'p' }, steps)
    expect(good.started.get('root.tabular-dataset-create')?.inputs.parameters).toMatchObject({
      location: 'us-central1',
      labels: {},
    })
    expect(good.started.has('root.condition-1.model-deploy')).toBe(true)
    const bad = drive(fixture('beans.yaml'), { project: 'p' }, (task) =>
      task.name === 'evaluate' ? { parameters: { Output: 'false' } } : steps(task),
    )
    expect(bad.states.get('root.condition-1')).toBe('skipped')
    expect(bad.end?.state).toBe('succeeded')
  })

  it.each<[number, string]>([
    [1, 'started'],
    [0, 'skipped'],
  ])('runs a job of TFX in schema 2.0.0 (blessed: %d)', (blessed, state) => {
    const { spec, job } = parsePipeline(fixtureText('tfx-job.json'), 'tfx-job.json')
    expect(job).toMatchObject({
      displayName: 'taxi',
      labels: { team: 'rides' },
      parameters: { steps: 50, rate: 0.25 },
      pipelineRoot: 'gs://bucket/taxi',
    })
    const run = drive(spec, job?.parameters, (task) => {
      if (task.executor.kind === 'resolver') return { artifacts: { model: [] } }
      return task.name === 'Evaluator' ? { artifacts: { blessing: [artifact('/b', { blessed })] } } : {}
    })
    expect(run.started.get('root.Trainer')?.inputs.parameters).toEqual({
      steps: 50,
      rate: 0.25,
      depth: 4,
      note: 'plain',
    })
    expect(run.started.get('root.Data')?.inputs.parameters).toEqual({ schema: '{"columns": 3}' })
    expect(run.started.get('root.Evaluator')?.inputs.artifacts['baseline']).toEqual([])
    expect(run.started.has('root.Pusher') ? 'started' : run.states.get('root.Pusher')).toBe(state)
    expect(run.end?.state).toBe('succeeded')
  })
})
