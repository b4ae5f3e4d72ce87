import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import type { RuntimeArtifact } from '../../src/pipelines/execution.ts'
import { tableValues } from '../../src/pipelines/node-table.ts'
import { artifact, drive, type FakeExecutor, specOf } from './drive.ts'

const leaf = { componentRef: { name: 'leaf' } }
const text = { parameterType: 'STRING' }
const data = { artifactType: { schemaTitle: 'system.Dataset' } }

const specWith = (tasks: JsonObject, root: JsonObject = {}, more: JsonObject = {}) => {
  const { outputs, ...definitions } = root
  return specOf({
    root: { dag: { tasks, ...(outputs === undefined ? {} : { outputs }) }, ...definitions },
    components: {
      leaf: { executorLabel: 'e', outputDefinitions: { parameters: { o: text }, artifacts: { d: data } } },
      reader: {
        executorLabel: 'e',
        inputDefinitions: {
          artifacts: { d: data },
          parameters: { status: { parameterType: 'TASK_FINAL_STATUS', isOptional: true } },
        },
      },
      ...more,
    },
    deploymentSpec: { executors: { e: { container: { image: 'i' } }, r: { resolver: { outputArtifactQueries: {} } } } },
  })
}

describe('what a task waits for without saying so', () => {
  it('waits for the producer of an artifact', () => {
    const from = { producerTask: 'z', outputArtifactKey: 'd' }
    const a = { componentRef: { name: 'reader' }, inputs: { artifacts: { d: { taskOutputArtifact: from } } } }
    const run = drive(specWith({ a, z: leaf }))
    expect([...run.started.keys()]).toEqual(['root.z', 'root.a'])
    expect(run.started.get('root.a')?.inputs.artifacts['d']).toHaveLength(1)
  })

  it('waits for the task whose final status it reads', () => {
    const a = {
      componentRef: { name: 'watcher' },
      inputs: { parameters: { status: { taskFinalStatus: { producerTask: 'z' } } } },
      triggerPolicy: { strategy: 'ALL_UPSTREAM_TASKS_COMPLETED' },
    }
    const watcher = {
      executorLabel: 'e',
      inputDefinitions: { parameters: { status: { parameterType: 'TASK_FINAL_STATUS' } } },
    }
    const run = drive(specWith({ a, z: leaf }, {}, { watcher }), {}, (task) =>
      task.name === 'z' ? { error: 'no' } : {},
    )
    expect([...run.started.keys()]).toEqual(['root.z', 'root.a'])
    expect(run.started.get('root.a')?.inputs.parameters['status']).toMatchObject({ state: 'FAILED' })
  })
})

describe('skipping', () => {
  it('tells what follows a skipped task from what follows a failed one', () => {
    const tasks = {
      never: { ...leaf, triggerPolicy: { condition: '1 == 2' } },
      afterNever: { ...leaf, dependentTasks: ['never'] },
      broken: leaf,
      afterBroken: { ...leaf, dependentTasks: ['broken'] },
      afterBoth: { ...leaf, dependentTasks: ['never', 'broken'] },
    }
    const run = drive(specWith(tasks), {}, () => ({ error: 'no' }))
    expect(run.states.get('root.afterNever')).toBe('skipped')
    expect(run.states.get('root.afterBroken')).toBe('notTriggered')
    expect(run.states.get('root.afterBoth')).toBe('notTriggered')
  })
})

describe('a cancelled loop', () => {
  it('begins no further turn of an executor', () => {
    const tasks = {
      each: {
        ...leaf,
        parameterIterator: { itemInput: 'x', items: { raw: '[1, 2, 3]' } },
        iteratorPolicy: { parallelismLimit: 1 },
      },
    }
    const run = drive(specWith(tasks), {}, () => ({ cancelled: true }), { cancelAfter: 0 })
    expect([...run.started.keys()]).toEqual(['root.each[0]'])
    expect(run.states.get('root.each')).toBe('cancelled')
    expect(run.end?.state).toBe('cancelled')
  })
})

describe('several selectors', () => {
  const select = (names: readonly string[]) => ({
    parameters: {
      o: {
        valueFromOneof: {
          parameterSelectors: names.map((name) => ({ producerSubtask: name, outputParameterKey: 'o' })),
        },
      },
    },
    artifacts: { d: { artifactSelectors: names.map((name) => ({ producerSubtask: name, outputArtifactKey: 'd' })) } },
  })
  const root = (names: readonly string[], isArtifactList: boolean): JsonObject => ({
    outputs: select(names),
    outputDefinitions: { parameters: { o: text }, artifacts: { d: { ...data, isArtifactList } } },
  })
  const named: FakeExecutor = (task) => ({
    parameters: { o: task.name },
    artifacts: { d: [artifact(`/${task.name}`)] },
  })
  const never = { ...leaf, triggerPolicy: { condition: '1 == 2' } }

  it('takes the first that has a value', () => {
    const run = drive(specWith({ never, a: leaf, b: leaf }, root(['never', 'b', 'a'], false)), {}, named)
    expect(run.end?.outputs.parameters).toEqual({ o: 'b' })
    expect(run.end?.outputs.artifacts['d']?.map(({ uri }) => uri)).toEqual(['/b'])
    expect([...tableValues(run.state.nodes)].find(({ path }) => path === 'root')?.lost).toEqual({})
  })

  it('leaves absent what none of them has, and who asks for it is skipped', () => {
    const part = {
      dag: { tasks: { never, also: never }, outputs: select(['never', 'also']) },
      outputDefinitions: { parameters: { o: text }, artifacts: { d: data } },
    }
    const from = { producerTask: 'part', outputArtifactKey: 'd' }
    const reads = { componentRef: { name: 'reader' }, inputs: { artifacts: { d: { taskOutputArtifact: from } } } }
    const run = drive(specWith({ part: { componentRef: { name: 'part' } }, reads }, root(['part'], false), { part }))
    expect(run.end).toMatchObject({ state: 'succeeded', outputs: { parameters: {}, artifacts: {} } })
    expect(run.reasons.get('root.reads')).toBe('It was skipped: its input "d" does not exist: "never" was skipped.')
  })

  it('takes all that have one where a list of artifacts is declared', () => {
    const run = drive(specWith({ never, a: leaf, b: leaf }, root(['b', 'never', 'a'], true)), {}, named)
    expect(run.end?.outputs.artifacts['d']?.map(({ uri }) => uri)).toEqual(['/b', '/a'])
  })
})

describe('a text in an inner loop', () => {
  // As kfp compiles it: the inner loop is not handed what only the text reads.
  const channel = (name: string) => `{{$.inputs.parameters['pipelinechannel--${name}']}}`
  const source = (name: string) => ({ componentInputParameter: `pipelinechannel--${name}` })
  const names = ['items-loop-item-subvar-k', 'word', 'inner']
  const say = (optional: boolean) =>
    specWith(
      {
        outer: {
          componentRef: { name: 'outer' },
          inputs: {
            parameters: { 'pipelinechannel--items-loop-item-subvar-k': { componentInputParameter: 'nowhere' } },
          },
          parameterIterator: {
            itemInput: 'pipelinechannel--items-loop-item',
            items: { raw: '[{"k": "a"}, {"k": "b"}]' },
          },
        },
      },
      { inputDefinitions: { parameters: { word: { ...text, isOptional: optional } } } },
      {
        outer: {
          dag: {
            tasks: {
              each: {
                componentRef: { name: 'each' },
                parameterIterator: { itemInput: 'pipelinechannel--inner', items: { raw: '["x"]' } },
              },
            },
          },
        },
        each: {
          dag: {
            tasks: {
              say: {
                componentRef: { name: 'say' },
                inputs: {
                  parameters: {
                    text: { runtimeValue: { constant: names.map(channel).join('-') } },
                    ...Object.fromEntries(names.map((name) => [`pipelinechannel--${name}`, source(name)])),
                  },
                },
              },
            },
          },
        },
        say: { executorLabel: 'e', inputDefinitions: { parameters: { text } } },
      },
    )

  it('reads items of the loops around it and inputs of the pipeline', () => {
    const run = drive(say(false), { word: 'w' })
    const texts = [...run.started.values()].map(({ inputs }) => inputs.parameters['text'])
    expect(texts).toEqual(['a-w-x', 'b-w-x'])
  })

  it('reads members of an item that its loop declares to be a text', () => {
    const spec = say(false)
    const outer = {
      ...spec.components?.['outer'],
      inputDefinitions: { parameters: { 'pipelinechannel--items-loop-item': text } },
    }
    const run = drive({ ...spec, components: { ...spec.components, outer } }, { word: 'w' })
    const texts = [...run.started.values()].map(({ inputs }) => inputs.parameters['text'])
    expect(texts).toEqual(['a-w-x', 'b-w-x'])
  })

  it('fails where the value is nowhere around it, rather than saying less', () => {
    const run = drive(say(true))
    expect(run.end).toMatchObject({
      state: 'failed',
      error:
        'root.outer[0].each[0].say: input "pipelinechannel--word": the input "pipelinechannel--word" around it was given no value',
    })
  })
})

it('names the input that may be meant where a task asks for one that is not around it', () => {
  const asks = { componentRef: { name: 'say' }, inputs: { parameters: { text: { componentInputParameter: 'wrod' } } } }
  const say = { executorLabel: 'e', inputDefinitions: { parameters: { text } } }
  const run = drive(specWith({ asks }, { inputDefinitions: { parameters: { word: text } } }, { say }), { word: 'w' })
  expect(run.end).toMatchObject({
    state: 'failed',
    error: 'root.asks: input "text": the input "wrod" around it was given no value (did you mean "word"?)',
  })
})

describe('cache keys', () => {
  const from = { producerTask: 'z', outputArtifactKey: 'd' }
  const tasks = {
    z: leaf,
    a: {
      componentRef: { name: 'reader' },
      cachingOptions: { enableCache: true },
      inputs: { artifacts: { d: { taskOutputArtifact: from } } },
    },
  }
  const keyWith = (change: Partial<RuntimeArtifact>) => {
    const made = { ...artifact('/d', { rows: 1 }), ...change }
    return drive(specWith(tasks), {}, () => ({ artifacts: { d: [made] } })).started.get('root.a')?.cacheKey
  }

  it('count an input artifact by what and where it is, not by its resource name', () => {
    expect(keyWith({})).toMatch(/^sha256:/)
    expect(keyWith({ name: 'projects/p/other' })).toBe(keyWith({}))
    expect(keyWith({ uri: '/e' })).not.toBe(keyWith({}))
    expect(keyWith({ metadata: { rows: 2 } })).not.toBe(keyWith({}))
    expect(keyWith({ type: { schemaTitle: 'system.Model' } })).not.toBe(keyWith({}))
  })
})

describe('resolvers', () => {
  const latest = { executorLabel: 'r', outputDefinitions: { artifacts: { d: data } } }
  const from = (producerTask: string) => ({
    componentRef: { name: 'reader' },
    inputs: { artifacts: { d: { taskOutputArtifact: { producerTask, outputArtifactKey: 'd' } } } },
  })
  const nothing: FakeExecutor = () => ({ artifacts: { d: undefined as unknown as RuntimeArtifact[] } })

  it('that found nothing give empty lists', () => {
    const run = drive(specWith({ z: { componentRef: { name: 'latest' } }, a: from('z') }, {}, { latest }), {}, nothing)
    expect(run.started.get('root.a')?.inputs.artifacts).toEqual({ d: [] })
    expect(run.end?.state).toBe('succeeded')
  })

  it('are the only ones: an artifact that a container left unwritten fails its reader', () => {
    const run = drive(specWith({ z: leaf, a: from('z') }), {}, nothing)
    expect(run.end).toMatchObject({
      state: 'failed',
      error: 'root.a: input "d": task "z" should make its output "d" but left it unwritten',
    })
  })
})
