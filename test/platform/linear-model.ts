import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

type Bytes = readonly number[]

const varint = (value: number): Bytes =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]
const number = (field: number, value: number): Bytes => [...varint(field * 8), ...varint(value)]
const bytes = (field: number, value: Bytes): Bytes => [...varint(field * 8 + 2), ...varint(value.length), ...value]
const text = (field: number, value: string): Bytes => bytes(field, [...Buffer.from(value)])

const floats = 1
const tensorType = (columns: number): Bytes =>
  bytes(1, [...number(1, floats), ...bytes(2, [...bytes(1, text(2, 'rows')), ...bytes(1, number(1, columns))])])
const valueInfo = (name: string, columns: number): Bytes => [...text(1, name), ...bytes(2, tensorType(columns))]
const node = (operator: string, inputs: readonly string[], output: string): Bytes => [
  ...inputs.flatMap((input) => text(1, input)),
  ...text(2, output),
  ...text(4, operator),
]
const tensor = (name: string, dims: readonly number[], values: readonly number[]): Bytes => [
  ...dims.flatMap((dim) => number(1, dim)),
  ...number(2, floats),
  ...text(8, name),
  ...bytes(9, [...new Uint8Array(Float32Array.from(values).buffer)]),
]

/** An ONNX graph of `variable = numeric · weights`, written field by field as the format says. */
const graphOf = (weights: readonly number[]): Uint8Array => {
  const graph = [
    ...bytes(1, node('MatMul', ['numeric', 'weights'], 'variable')),
    ...text(2, 'linear'),
    ...bytes(5, tensor('weights', [weights.length, 1], weights)),
    ...bytes(11, valueInfo('numeric', weights.length)),
    ...bytes(12, valueInfo('variable', 1)),
  ]
  return Uint8Array.from([...number(1, 8), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...number(2, 13)])])
}

/** Writes the files of a model that answers `factor · x`. */
export const writeLinearModel = async (folder: string, factor: number): Promise<string> => {
  await mkdir(folder, { recursive: true })
  const graph = graphOf([factor])
  await writeFile(join(folder, 'model.onnx'), graph)
  const description = {
    format: 1,
    predictionType: 'regression',
    target: 'y',
    features: [{ name: 'x', type: 'numeric' }],
    sha256: createHash('sha256').update(graph).digest('hex'),
  }
  await writeFile(join(folder, 'winnow-model.json'), JSON.stringify(description))
  return folder
}
