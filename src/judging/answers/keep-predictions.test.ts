import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { digestBytes } from '../../domain/digest.ts'
import { encodePredictions } from '../../policies/predictions/encode.ts'
import type { Predictions } from '../../policies/predictions/predictions.ts'
import { keepPredictions, readKept, unpackKept } from './keep-predictions.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-kept-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const answers: Predictions = {
  kind: 'classification',
  rows: 3,
  ids: ['a', 'b', 'ü'],
  columns: { region: { values: ['north', 'south'], codes: Int32Array.of(0, 1, 1) } },
  classes: ['BOMBAY', 'SIRA'],
  truth: Int32Array.of(0, 1, 1),
  predicted: Int32Array.of(0, 1, 0),
  scores: Float64Array.of(0.9, 0.1, 1 / 3, 2 / 3, 0.5000001, 0.4999999),
}

it('keeps the same answers once and gives them back', async () => {
  const place = join(folder, 'once')
  const [first, second] = await Promise.all([keepPredictions(place, answers), keepPredictions(place, answers)])
  expect(first).toEqual({ digest: digestBytes(Buffer.concat(encodePredictions(answers))), rows: 3 })
  expect(second).toEqual(first)
  await keepPredictions(place, answers)
  expect(await readdir(place)).toEqual([`${first.digest.replace(':', '-')}.gz`])
  const packed = (await readKept(place, first.digest)) as Uint8Array
  expect(await unpackKept(packed, first.digest)).toEqual(answers)
})

it('keeps answers of more than one piece', async () => {
  const rows = 1_200_000
  const truth = Float64Array.from({ length: rows }, (_, i) => i / 3)
  const many: Predictions = { kind: 'regression', rows, ids: null, columns: {}, truth, predicted: truth, quantiles: [] }
  const { digest } = await keepPredictions(join(folder, 'many'), many)
  expect(digest).toBe(digestBytes(Buffer.concat(encodePredictions(many))))
  const again = await unpackKept((await readKept(join(folder, 'many'), digest)) as Uint8Array, digest)
  expect(again.truth[rows - 1]).toBe((rows - 1) / 3)
})

it('has none of what was never kept', async () => {
  expect(await readKept(join(folder, 'nothing'), digestBytes('other'))).toBeUndefined()
})

it.each([
  ['other answers', gzipSync('something else')],
  ['no archive', Buffer.from('something else')],
])('does not take %s for those of the digest', async (_, packed) => {
  const { digest } = await keepPredictions(join(folder, 'changed'), answers)
  await expect(unpackKept(packed, digest)).rejects.toMatchObject({ code: 'predictions_invalid' })
})
