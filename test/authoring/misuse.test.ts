import { describe, expect, it } from 'vitest'
import {
  collected,
  compile,
  componentFromYaml,
  containerComponent,
  defineComponent,
  eq,
  exitHandler,
  finalStatus,
  gt,
  If,
  ifPresent,
  importer,
  integer,
  oneOf,
  type Parameter,
  parallelFor,
  pipeline,
  string,
  type Task,
  text,
} from '../../src/pipelines/authoring/index.ts'
import { add, fail, flip, makeData, onExit, say, total } from './twins/steps.ts'

const outer = 3

/** The line of the call that is meant to fail is marked with `here`. */
const refusal = (write: () => unknown): { readonly message: string; readonly line: string } => {
  try {
    write()
  } catch (error) {
    const { message, code } = error as { message: string; code: string }
    const [, place = '', rest = ''] = /^(.*misuse\.test\.ts:\d+:\d+): (.*)$/s.exec(message) ?? []
    if (code !== 'pipeline_invalid' || place === '') throw error
    return { message: rest, line: place.split(':').at(-2) ?? '' }
  }
  throw new Error('nothing was refused')
}

const lineHere = (): string => /misuse\.test\.ts:(\d+):\d+/.exec(new Error().stack?.split('\n')[2] ?? '')?.[1] ?? ''

type Value = Parameter

describe('a misuse is told at its line', () => {
  it.each<[string, () => unknown, string]>([
    [
      'an output of a branch outside of it',
      () =>
        pipeline('p', {}, () => {
          let made: Value | undefined
          If(eq(flip().output, 'heads'), () => {
            made = say({ text: 'x' }).output
          })
          say({ text: made as Value })
        }),
      'is known only within If',
    ],
    [
      'an output of one branch in another',
      () =>
        pipeline('p', {}, () => {
          let made: Value | undefined
          If(eq(flip().output, 'heads'), () => {
            made = say({ text: 'x' }).output
          }).Else(() => say({ text: made as Value }))
        }),
      'is known only within If',
    ],
    [
      'an output of a loop outside of it',
      () =>
        pipeline('p', {}, () => {
          let made: Value | undefined
          parallelFor([1], (n) => {
            made = add({ a: n }).output
          })
          add({ a: made as Value })
        }),
      'is known only within parallelFor',
    ],
    [
      'an item outside of its loop',
      () =>
        pipeline('p', {}, () => {
          let item: Value | undefined
          parallelFor([1], (n) => {
            item = n
            add({ a: n })
          })
          add({ a: item as Value })
        }),
      'the item of a loop is known only within parallelFor',
    ],
    [
      'an output of what an exit handler guards',
      () =>
        pipeline('p', {}, () => {
          let made: Value | undefined
          exitHandler(onExit(), () => {
            made = say({ text: 'x' }).output
          })
          say({ text: made as Value })
        }),
      'is known only within exitHandler',
    ],
    [
      'an output of another pipeline',
      () => {
        let made: Value | undefined
        pipeline('one', {}, () => {
          made = say({ text: 'x' }).output
        })
        pipeline('two', {}, () => void say({ text: made as Value }))
      },
      'belongs to another pipeline',
    ],
    [
      'an input of another pipeline',
      () => {
        let input: Value | undefined
        pipeline('one', { inputs: { n: integer() } }, ({ n }) => {
          input = n
          add({ a: n })
        })
        pipeline('two', {}, () => void add({ a: input as Value }))
      },
      'belongs to another pipeline',
    ],
    ['a task outside of a pipeline', () => say({ text: 'x' }), 'belongs into the function of a pipeline()'],
    ['a pipeline without tasks', () => pipeline('p', {}, () => {}), 'has no tasks'],
    ["a pipeline's name", () => pipeline('My Pipe', {}, () => void fail()), 'cannot be named'],
    [
      'a name that KFP takes for itself',
      () => pipeline('p', { inputs: { 'pipelinechannel--x': string() } }, () => void fail()),
      'is taken by KFP itself',
    ],
    [
      'a name that is none',
      () => pipeline('p', { inputs: { 'my input': string() } }, () => void fail()),
      'cannot be a name',
    ],
    [
      'one name for an input and an output',
      () => defineComponent({ name: 'c', inputs: { x: string() }, outputs: { x: string() }, run: ({ x }) => ({ x }) }),
      'names an input and an output',
    ],
    [
      'oneOf without an Else',
      () =>
        pipeline('p', {}, () => {
          let made: Value | undefined
          If(eq(flip().output, 'a'), () => {
            made = say({ text: 'x' }).output
          }).Elif(eq(flip().output, 'b'), () => say({ text: 'y' }))
          oneOf(made as Value, made as Value)
        }),
      'oneOf needs an Else',
    ],
    [
      'an Elif that does not follow its If',
      () =>
        pipeline('p', {}, () => {
          const first = If(eq(flip().output, 'a'), () => say({ text: 'x' }))
          If(eq(flip().output, 'b'), () => say({ text: 'x' }))
          first.Elif(eq(flip().output, 'c'), () => say({ text: 'y' }))
        }),
      'has to follow its If',
    ],
    [
      'collected of a task that is in no loop',
      () => pipeline('p', {}, () => void total({ values: collected(add({ a: 1 }).output) })),
      'is in no loop',
    ],
    [
      'a loop over no list',
      () => pipeline('p', {}, () => void parallelFor(flip().output as Value, () => fail())),
      'goes over a list',
    ],
    ['a loop over nothing', () => pipeline('p', {}, () => void parallelFor([], () => fail())), 'empty list'],
    [
      'an exit handler within a group',
      () => pipeline('p', {}, () => void parallelFor([1], () => exitHandler(onExit(), () => fail()))),
      'belongs to the top of a pipeline',
    ],
    [
      'an exit task that depends on a task',
      () => pipeline('p', {}, () => void exitHandler(onExit({ note: flip().output }), () => fail())),
      'cannot depend on other tasks',
    ],
    [
      'a text that has no value yet',
      () => pipeline('p', {}, () => void say({ text: `so: ${flip().output}` })),
      'write text`',
    ],
    [
      'a comparison of a text`…`',
      () => pipeline('p', {}, () => void If(eq(text`${flip().output}`, 'x'), () => fail())),
      'cannot be compared',
    ],
    ['an async pipeline', () => pipeline('p', {}, async () => void fail()), 'cannot be async'],
    [
      'resources of a pipeline',
      () => {
        const inner = pipeline('inner', {}, () => void fail())
        pipeline('p', {}, () => void inner().resources({ cpu: '1' }))
      },
      'is a pipeline',
    ],
    [
      'a memory that is none',
      () => pipeline('p', {}, () => void fail().resources({ memory: 'much' })),
      'cannot be "much"',
    ],
    [
      'env of an importer',
      () => pipeline('p', {}, () => void importer({ uri: 'x', type: { schema: 'a.B' } }).env({ A: 'b' })),
      'runs a container',
    ],
    [
      'after a task in a branch',
      () =>
        pipeline('p', {}, () => {
          let made: Task | undefined
          If(eq(flip().output, 'a'), () => {
            made = fail()
          })
          fail().after(made as Task)
        }),
      'which is within If',
    ],
    [
      'a task after itself',
      () =>
        pipeline('p', {}, () => {
          const task = fail()
          task.after(task)
        }),
      'cannot come after itself',
    ],
    [
      'a captured variable',
      () => defineComponent({ name: 'c', run: () => void console.log(outer) }),
      'uses "outer" (line 1 of the function',
    ],
    [
      'a captured import',
      () => defineComponent({ name: 'c', run: () => void gt }),
      'which it does not have when it runs alone',
    ],
    ['a bound function', () => defineComponent({ name: 'c', run: function run() {}.bind(null) }), 'has no source'],
    [
      'a package without a proper name',
      () => defineComponent({ name: 'c', packages: ['a; rm -rf'], run: () => {} }),
      'is no package',
    ],
    [
      'an unknown place',
      () =>
        containerComponent({
          name: 'c',
          image: 'i',
          args: ({ inputs }) => [(inputs as never as { x: { value: string } }).x.value],
        }),
      'there is no "x" among the inputs of c',
    ],
    [
      'ifPresent of something else',
      () => containerComponent({ name: 'c', image: 'i', args: [ifPresent({ value: 'x' }, 'y')] }),
      'ifPresent takes an input',
    ],
    [
      'a pipeline output that is no output',
      () =>
        pipeline('p', { inputs: { n: integer() } }, ({ n }) => {
          fail()
          return n
        }),
      'has to be an output of a task',
    ],
    [
      'a component.yaml with a graph',
      () => componentFromYaml('name: g\nimplementation: {graph: {}}'),
      'is no container',
    ],
  ])('%s', (_, write, words) => {
    expect(refusal(write).message).toContain(words)
  })

  it('with the line of the call itself', () => {
    let line = ''
    const { line: told } = refusal(() =>
      pipeline('p', {}, () => {
        add({ a: 1 })
        line = lineHere()
        add({ a: 'x' as unknown as number })
      }),
    )
    expect(Number(told)).toBe(Number(line) + 1)
  })

  it('and where compiling finds it, with the line of what was written', () => {
    const circle = pipeline('p', {}, () => {
      const one = fail()
      const two = fail().after(one)
      one.after(two)
    })
    expect(refusal(() => compile(circle)).message).toContain('wait for each other in a circle: fail → fail-2 → fail')
    const asking = defineComponent({ name: 'asking', inputs: { status: finalStatus() }, run: () => {} })
    expect(refusal(() => compile(pipeline('p', {}, () => void asking()))).message).toContain('only an exit task')
    const strict = pipeline('p', {}, () => void say({ text: flip().output }).ignoreUpstreamFailure())
    expect(refusal(() => compile(strict)).message).toContain('needs a default')
  })

  it('leaves nothing behind for the next pipeline', () => {
    expect(() => pipeline('p', {}, () => parallelFor([1], () => add({ a: 'x' as unknown as number })))).toThrow()
    const after = compile(pipeline('p', {}, () => void makeData({ rows: 1 })))
    expect(Object.keys(after.root.dag?.tasks ?? {})).toEqual(['make-data'])
  })
})
