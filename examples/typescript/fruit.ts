import {
  artifact,
  collected,
  Dataset,
  defineComponent,
  double,
  ge,
  If,
  integer,
  list,
  Metrics,
  Model,
  oneOf,
  parallelFor,
  pipeline,
  string,
  text,
} from 'winnow-ml/pipelines'

/** Rows of a fruit's weight and whether it is ripe, made up from a seed. */
const pick = defineComponent({
  name: 'pick',
  inputs: { rows: integer(), seed: integer({ default: 1 }) },
  outputs: { fruit: artifact(Dataset) },
  async run({ rows, seed }, { fruit }) {
    const { writeFile } = await import('node:fs/promises')
    let state = seed
    const next = () => {
      state = (state * 1103515245 + 12345) % 2 ** 31
      return state / 2 ** 31
    }
    const lines = Array.from({ length: rows }, () => {
      const weight = 50 + 100 * next()
      return `${weight.toFixed(1)},${weight + 10 * next() > 105 ? 'ripe' : 'green'}`
    })
    await writeFile(fruit.path, `weight,label\n${lines.join('\n')}\n`)
    fruit.metadata['rows'] = rows
  },
})

/** A threshold on the weight is all the model there is; its accuracy is measured on the same rows. */
const train = defineComponent({
  name: 'train',
  inputs: { fruit: artifact(Dataset), threshold: integer() },
  outputs: { model: artifact(Model), metrics: artifact(Metrics), accuracy: double() },
  async run({ fruit, threshold }, { model, metrics }) {
    const { readFile, writeFile } = await import('node:fs/promises')
    const rows = (await readFile(fruit.path, 'utf8')).trim().split('\n').slice(1)
    const right = rows.filter((row) => {
      const [weight, label] = row.split(',')
      return (Number(weight) > threshold ? 'ripe' : 'green') === label
    })
    const accuracy = right.length / rows.length
    await writeFile(model.path, JSON.stringify({ threshold }))
    metrics.metadata['accuracy'] = accuracy
    return { accuracy }
  },
})

const best = defineComponent({
  name: 'best',
  inputs: { accuracies: list(double()) },
  outputs: { best: double() },
  run: ({ accuracies }) => ({ best: Math.max(...accuracies) }),
})

const say = defineComponent({
  name: 'say',
  inputs: { text: string() },
  outputs: { said: string() },
  run: ({ text }) => {
    console.log(text)
    return { said: text }
  },
})

export const fruit = pipeline(
  'fruit',
  {
    description: 'The best of several thresholds on the weight of fruit.',
    inputs: { rows: integer({ default: 200 }), wanted: double({ default: 0.9 }) },
  },
  ({ rows, wanted }) => {
    const picked = pick({ rows }).displayName('Pick fruit')
    const accuracies = collected(
      parallelFor([80, 100, 120], (threshold) => train({ fruit: picked.output, threshold }).outputs.accuracy, {
        parallelism: 2,
      }),
    )
    const found = best({ accuracies }).output
    const verdict = oneOf(
      If(ge(found, wanted), () => say({ text: text`good enough: ${found}` }).output).Else(
        () => say({ text: text`not good enough: ${found}` }).output,
      ),
    )
    return { verdict, best: found }
  },
)
