import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { recallKept } from '../answers/keep-predictions.ts'
import { openAnswers } from './answers-thread.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-answers-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const never = new AbortController().signal

const written = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}
const answers = async (name: string, text: string) =>
  ({ kind: 'answers', path: await written(name, text), label: null }) as const

it("keeps answers in the candidate's order and with everybody's classes, and says what cannot be laid beside them", async () => {
  const kept = join(folder, 'kept')
  await using held = openAnswers(kept, never)
  const [candidate, champion, stranger] = await Promise.all([
    held.read(await answers('candidate.csv', 'id,label,p_a,p_b\n1,a,0.75,0.25\n2,b,0.5,0.5\n')),
    held.read(await answers('champion.csv', 'id,label,p_b,p_c,p_a\n2,b,0.5,0.25,0.25\n1,a,0.125,0.125,0.75\n')),
    held.read(await answers('stranger.csv', 'id,label,p_a,p_b\n1,a,0.75,0.25\n')),
  ])
  expect(candidate.rows).toBe(2)
  const laid = await held.keepSideBySide(candidate, { champion, 'm@blessed': stranger })
  expect(laid.references['m@blessed']).toEqual({ ok: false, reason: 'one has 2 examples and the other 1' })
  const reference = laid.references['champion']
  if (reference?.ok !== true) throw new Error('the champion could not be laid beside the candidate')
  const [one, other] = await Promise.all([laid.candidate, reference].map(({ digest }) => recallKept(kept, digest)))
  expect(one).toMatchObject({ ids: ['1', '2'], classes: ['a', 'b', 'c'] })
  expect(other).toMatchObject({ ids: ['1', '2'], classes: ['a', 'b', 'c'] })
  expect(other).toMatchObject({ scores: Float64Array.of(0.75, 0.125, 0.125, 0.25, 0.5, 0.25) })
  expect(await readdir(kept)).toHaveLength(2)
})

it('reads the lines of a batch', async () => {
  await using held = openAnswers(join(folder, 'batch'), never)
  const lines = [
    { instance: { x: 1, y: 'a' }, prediction: 'a' },
    { instance: { x: 2, y: 'b' }, prediction: 'a' },
  ]
  const path = await written('batch.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const read = await held.read({ kind: 'scored', paths: [path], label: 'y' })
  const { candidate } = await held.keepSideBySide(read, {})
  expect(await recallKept(join(folder, 'batch'), candidate.digest)).toMatchObject({ rows: 2, classes: ['a', 'b'] })
})

it('hands on what is wrong with a table, and goes on', async () => {
  await using held = openAnswers(join(folder, 'faults'), never)
  const wrong = await answers('wrong.csv', 'label,predicted\na,\n')
  await expect(held.read(wrong)).rejects.toMatchObject({
    code: 'predictions_invalid',
    message: `${wrong.path}:2: predicted: expected a class or a number, got nothing`,
  })
  expect(await held.read(await answers('right.csv', 'label,predicted\na,a\n'))).toMatchObject({ rows: 1 })
})

it('ends when it is told to', async () => {
  const stop = new AbortController()
  await using held = openAnswers(join(folder, 'stopped'), stop.signal)
  const reading = held.read(await answers('some.csv', 'label,predicted\na,a\n'))
  stop.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
  await expect(held.read({ kind: 'scored', paths: [], label: 'y' })).rejects.toThrow('enough')
})

it('has nothing of what is not kept', async () => {
  await expect(recallKept(folder, 'sha256:0')).rejects.toMatchObject({ code: 'predictions_invalid' })
})
