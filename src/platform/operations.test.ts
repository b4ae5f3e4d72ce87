import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createOperations, type OperationKind, type OperationRecord } from './operations.ts'
import { createRecords } from './records.ts'
import type { Message } from './services.ts'
import { statusError } from './status.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-operations-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** Operations as a process that starts on this folder has them. */
const life = async () => createOperations(await createRecords(root).collection<OperationRecord>('operations'), Date.now)
const kind = (run: OperationKind['run']): OperationKind => ({ metadata: 'M', response: 'R', run })
const never = () => new Promise<Message>(() => {})

describe('createOperations', () => {
  it('gives what is quick back done, and what is slow to be waited for', async () => {
    const operations = await life()
    const echo = operations.define(
      'echo',
      kind(async (plan) => plan),
    )
    expect(await echo('p', { a: 1 })).toMatchObject({ done: true, response: { '@type': 'R', a: 1 } })
    let release = (_: Message) => {}
    const slow = operations.define(
      'slow',
      kind(
        () =>
          new Promise((resolve) => {
            release = resolve
          }),
      ),
    )
    const started = await slow('p', {})
    const name = String(started.name)
    expect(started).toMatchObject({ done: false, metadata: { '@type': 'M' } })
    expect(await operations.wait(name, 1)).toMatchObject({ done: false })
    expect(await operations.remove(name)).toBe('running')
    const waiting = operations.wait(name, undefined)
    release({ b: 2 })
    expect(await waiting).toMatchObject({ done: true, response: { b: 2 } })
    expect(operations.list('p')).toHaveLength(2)
    expect(await operations.remove(name)).toBe('removed')
    expect(operations.get(name)).toBeUndefined()
    expect(await operations.wait(name, 1)).toBeUndefined()
  })

  it('keeps the code of a failure', async () => {
    const operations = await life()
    const fail = operations.define(
      'fail',
      kind(async () => {
        throw statusError('FAILED_PRECONDITION', 'not now')
      }),
    )
    expect(await fail('p', {})).toMatchObject({ done: true, error: { code: 9, message: 'not now' } })
  })

  it('cancels', async () => {
    const operations = await life()
    const slow = operations.define(
      'slow',
      kind(
        (_, { signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason))
          }),
      ),
    )
    const { name } = await slow('p', {})
    expect(await operations.cancel(String(name))).toBe(true)
    expect(await operations.wait(String(name), undefined)).toMatchObject({ done: true, error: { code: 1 } })
    expect(await operations.cancel('p/operations/none')).toBe(false)
  })

  it('takes up with the same plan what a crash left, and aborts what nobody knows', async () => {
    const before = await life()
    const known = await before.define('known', kind(never))('p', { id: 'chosen' })
    const forgotten = await before.define('forgotten', kind(never))('p', {})
    expect([known.done, forgotten.done]).toEqual([false, false])

    const after = await life()
    const runs: unknown[] = []
    after.define(
      'known',
      kind(async (plan, { name }) => {
        runs.push([plan, name])
        return plan
      }),
    )
    await after.resume()
    expect(await after.wait(String(known.name), undefined)).toMatchObject({ done: true, response: { id: 'chosen' } })
    expect(runs).toEqual([[{ id: 'chosen' }, known.name]])
    expect(await after.wait(String(forgotten.name), undefined)).toMatchObject({ done: true, error: { code: 10 } })
  })

  it('leaves undone on close what the next life will do', async () => {
    const before = await life()
    const { name } = await before.define(
      'slow',
      kind(
        (_, { signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason))
          }),
      ),
    )('p', {})
    await before.close()
    expect((await life()).get(String(name))).toMatchObject({ done: false })
  })
})
