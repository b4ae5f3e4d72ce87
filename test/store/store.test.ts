import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabasePool } from '../../src/adapters/database-pool.ts'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import { endChange } from '../../src/domain/change.ts'
import { digestJson } from '../../src/domain/digest.ts'
import { type NewRow, type RowKind, type Rows, StaleRow, type Step } from '../../src/domain/ports/store.ts'
import { someRelease, someRun } from '../fakes/rows.ts'
import { describeDatabases, openPool, type TestDatabase } from './databases.ts'
import { someBatch, someBuild, someChange, someVerdict, unique } from './rows.ts'

describeDatabases('the store', ({ make }) => {
  let database: TestDatabase
  let pool: DatabasePool
  let store: OpenStore
  let now = 100_000

  beforeAll(async () => {
    database = await make()
    pool = await openPool(database.options)
    store = await createStore(pool, () => now)
  })
  afterAll(async () => {
    await store.close()
    await database.dispose()
  })

  const insert = <K extends RowKind>(kind: K, row: NewRow<K>): Promise<Rows[K]> =>
    store.transaction((tx) => tx.insert(kind, row))

  describe('rows', () => {
    it.each([
      ['change', someChange({ reason: 'why', faults: ['winnow.yaml:1:1: no'], batch: 3, nextAt: 1_795_000_000_000 })],
      ['batch', someBatch({ run: 7 })],
      [
        'build',
        someBuild({ ir: { b: [1, 2.5, -0.25, 1e300], a: { 'ü "quoted" \\ \n': '𝛌' } }, log: 'x'.repeat(200_000) }),
      ],
      ['run', someRun({ parameters: { z: 1, a: [true, null, ''] }, failures: 2, commit: 'c'.repeat(40) })],
      ['verdict', someVerdict({ run: 4711 })],
      ['release', someRelease({ previous: { deployedModel: '1', split: { 1: 100 } } })],
    ] as const)('a %s comes back as it was written', async (kind, row) => {
      const written = await insert(kind, row as never)
      expect(written).toEqual({ ...row, id: written.id, version: 1 })
      expect(await store.get(kind, written.id)).toEqual(written)
      const updated = await store.transaction((tx) => tx.update(kind, written as never))
      expect(updated).toEqual({ ...written, version: 2 })
    })

    it('has the manifest that a run was made with, however often and as what it is written again', async () => {
      const manifest = [{ uri: 'gs://acme/a 𝛌 \\u0000', generation: '1', size: 3, checksum: 'md5:x' }]
      const run = await insert('run', someRun({ manifest, state: 'wanted' }))
      const written = await store.transaction((tx) => tx.update('run', { ...run, state: 'built', manifest: [] }))
      expect(written).toMatchObject({ id: run.id, state: 'built', version: 2 })
      expect(await store.get('run', run.id)).toEqual({ ...run, state: 'built', version: 2 })
      const { rows } = await pool.query(`select document::text as text from winnow.run where id = $1`, [run.id])
      expect(rows[0]?.['text']).not.toContain('gs://acme/a')
    })

    it('keeps the order of keys in a document', async () => {
      const { id } = await insert('build', someBuild({ ir: { z: 1, a: 2, m: { y: 1, b: 2 } } }))
      expect(JSON.stringify((await store.get('build', id))?.ir)).toBe('{"z":1,"a":2,"m":{"y":1,"b":2}}')
    })

    it('takes text that PostgreSQL cannot hold, with a sign in its place', async () => {
      const reason = 'nul \0 half \ud800 whole 𝛌 slash \\u0000'
      const { id } = await insert('change', someChange({ author: reason, reason, repository: 'r\0', faults: [reason] }))
      const readable = 'nul \uFFFD half \uFFFD whole 𝛌 slash \\u0000'
      expect(await store.get('change', id)).toMatchObject({ author: readable, reason: readable, faults: [readable] })
      expect(await store.list('change', { author: readable })).toHaveLength(1)
      expect(await store.list('change', { repository: 'r\0' })).toHaveLength(1)
    })

    it('is undefined where there is no row', async () => {
      expect(await store.get('run', 999_999_999)).toBeUndefined()
    })

    it('lists newest first, narrowed by columns and by fields of the document, with a limit', async () => {
      const repository = unique('repository')
      const [a, b, c] = [
        await insert('run', someRun({ repository, state: 'wanted', attempt: 1, batch: 5 })),
        await insert('run', someRun({ repository, state: 'built', attempt: 2, batch: null })),
        await insert('run', someRun({ repository, state: 'running', attempt: 2, policy: null })),
      ]
      const ids = async (where: object, limit?: number) =>
        (await store.list('run', { repository, ...where }, limit)).map(({ id }) => id)
      expect(await ids({})).toEqual([c.id, b.id, a.id])
      expect(await ids({}, 2)).toEqual([c.id, b.id])
      expect(await ids({ state: 'built' })).toEqual([b.id])
      expect(await ids({ state: ['wanted', 'running'] })).toEqual([c.id, a.id])
      expect(await ids({ state: [] })).toEqual([])
      expect(await ids({ id: a.id })).toEqual([a.id])
      expect(await ids({ id: [a.id, b.id], version: 1 })).toEqual([b.id, a.id])
      expect(await ids({ attempt: 2 })).toEqual([c.id, b.id])
      expect(await ids({ attempt: [1, 3] })).toEqual([a.id])
      expect(await ids({ batch: null })).toEqual([c.id, b.id])
      expect(await ids({ batch: 5 })).toEqual([a.id])
      expect(await ids({ policy: null })).toEqual([c.id])
      expect(await ids({ repository: "'; drop table winnow.run; --" })).toEqual([])
    })
  })

  describe('transactions', () => {
    it('are applied whole or not at all', async () => {
      const change = await insert('change', someChange())
      const failing = store.transaction(async (tx) => {
        await tx.update('change', { ...change, reason: 'half' })
        await tx.enqueue('match', change.id)
        await tx.record({ at: 1, kind: 'change', id: change.id, from: null, to: 'x', by: 'winnow', why: '' })
        throw new Error('in the middle')
      })
      await expect(failing).rejects.toThrow('in the middle')
      expect(await store.get('change', change.id)).toEqual(change)
      expect((await store.outbox(1_000)).filter(({ job }) => job.id === change.id)).toEqual([])
      expect(await store.history('change', change.id)).toEqual([])
    })

    it('read what they wrote, while others do not until the commit', async () => {
      const seen = await store.transaction(async (tx) => {
        const row = await tx.insert('batch', someBatch())
        return { row, inside: await tx.get('batch', row.id) }
      })
      expect(seen.inside).toEqual(seen.row)
    })

    it('refuse a row that has moved on, and write nothing else', async () => {
      const change = await insert('change', someChange())
      const other = await insert('change', someChange())
      await store.transaction((tx) => tx.update('change', { ...change, reason: 'first' }))
      const second = store.transaction(async (tx) => {
        await tx.update('change', { ...other, reason: 'second' })
        await tx.update('change', { ...change, reason: 'second' })
      })
      await expect(second).rejects.toBeInstanceOf(StaleRow)
      expect(await store.get('change', change.id)).toMatchObject({ reason: 'first', version: 2 })
      expect(await store.get('change', other.id)).toEqual(other)
    })

    it('let exactly one of many writers of a version win', async () => {
      const change = await insert('change', someChange())
      const writers = Array.from({ length: 8 }, (_, i) =>
        store.transaction((tx) => tx.update('change', { ...change, reason: `writer ${i}` })),
      )
      const results = await Promise.allSettled(writers)
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(StaleRow)
      expect((await store.get('change', change.id))?.version).toBe(2)
    })

    it('refuse calls of the store inside: over an embedded one those would wait for ever', async () => {
      await expect(store.transaction(() => store.get('change', 1))).rejects.toThrow('inside a transaction')
      await expect(store.transaction((tx) => tx.get('change', 1))).resolves.not.toThrow()
    })

    it('record history in its order', async () => {
      const { id } = await insert('run', someRun())
      const entry = { kind: 'run', id, by: 'winnow', why: 'because' } as const
      await store.transaction(async (tx) => {
        await tx.record({ ...entry, at: 9, from: null, to: 'wanted' })
        await tx.record({ ...entry, at: 3, from: 'wanted', to: 'built' })
      })
      expect(await store.history('run', id)).toEqual([
        { ...entry, at: 9, from: null, to: 'wanted' },
        { ...entry, at: 3, from: 'wanted', to: 'built' },
      ])
    })
  })

  describe('the outbox', () => {
    const entriesOf = async (id: number, step: Step) =>
      (await store.outbox(1_000)).filter(({ job }) => job.id === id && job.step === step)

    it('names the version that the transaction leaves, whenever it was asked for', async () => {
      const run = await insert('run', someRun())
      await store.transaction(async (tx) => {
        await tx.enqueue('build', run.id)
        await tx.update('run', run)
        await tx.enqueue('launch', run.id, 5_000)
      })
      expect((await entriesOf(run.id, 'build'))[0]).toMatchObject({ job: { version: 2 }, at: null })
      expect((await entriesOf(run.id, 'launch'))[0]).toMatchObject({ job: { version: 2 }, at: 5_000 })
    })

    it.each([
      [[5_000, 3_000], 3_000],
      [[3_000, 5_000], 3_000],
      [[undefined, 5_000], null],
      [[5_000, undefined], null],
    ])('asked twice for the same step (%j), does it once, at the earlier time', async (times, at) => {
      const run = await insert('run', someRun())
      await store.transaction(async (tx) => {
        for (const time of times) await tx.enqueue('watch', run.id, time)
      })
      const entries = await entriesOf(run.id, 'watch')
      expect(entries).toMatchObject([{ at }])
    })

    it('refuses a step of a row that is not there', async () => {
      await expect(store.transaction((tx) => tx.enqueue('build', 999_999_999))).rejects.toThrow('not there')
    })

    it('tells listeners after the commit, and only where there is something', async () => {
      let told = 0
      const stop = store.onEnqueued(() => {
        told += 1
      })
      const run = await insert('run', someRun())
      expect(told).toBe(0)
      await store.transaction((tx) => tx.enqueue('build', run.id))
      expect(told).toBe(1)
      await store
        .transaction((tx) => tx.enqueue('build', run.id).then(() => Promise.reject(new Error('no'))))
        .catch(() => {})
      expect(told).toBe(1)
      stop()
      await store.transaction((tx) => tx.enqueue('build', run.id))
      expect(told).toBe(1)
    })

    it('keeps entries in order until they are removed', async () => {
      const run = await insert('run', someRun())
      const steps: readonly Step[] = ['build', 'launch', 'watch']
      for (const step of steps) await store.transaction((tx) => tx.enqueue(step, run.id))
      const mine = (await store.outbox(1_000)).filter(({ job }) => job.id === run.id && steps.includes(job.step))
      expect(mine.map(({ job }) => job.step)).toEqual(['build', 'launch', 'watch'])
      await store.removeFromOutbox(mine.slice(0, 2).map(({ sequence }) => sequence))
      await store.removeFromOutbox([])
      expect(await entriesOf(run.id, 'watch')).toHaveLength(1)
      expect(await entriesOf(run.id, 'build')).toHaveLength(0)
    })
  })

  describe('changes', () => {
    it('are recorded once, with their job and their history, however often they are delivered', async () => {
      const change = someChange()
      const first = await store.recordChange(change)
      const second = await store.recordChange({ ...change, author: 'somebody else' })
      expect(first).toEqual({ change: { ...change, id: first.change.id, version: 1 }, duplicate: false })
      expect(second).toEqual({ change: first.change, duplicate: true })
      const jobs = (await store.outbox(1_000)).filter(({ job }) => job.step === 'match' && job.id === first.change.id)
      expect(jobs).toHaveLength(1)
      expect(await store.history('change', first.change.id)).toMatchObject([
        { from: null, to: 'recorded', by: 'grace' },
      ])
    })

    it('are recorded once when delivered at the same moment', async () => {
      const change = someChange()
      const results = await Promise.all(Array.from({ length: 10 }, () => store.recordChange(change)))
      expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
      expect(new Set(results.map(({ change: { id } }) => id)).size).toBe(1)
    })

    it('are counted by state, and the sum is all of them', async () => {
      const before = await store.countChanges()
      const { change } = await store.recordChange(someChange())
      await store.transaction((tx) =>
        tx.update('change', endChange(change, { state: 'ignored', reason: 'no trigger' })),
      )
      const after = await store.countChanges()
      expect(after['ignored']).toBe((before['ignored'] ?? 0) + 1)
      const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0)
      expect(sum(after)).toBe(sum(before) + 1)
    })
  })

  describe('keys that only one may have', () => {
    it('a build', async () => {
      const build = someBuild()
      const rows = await Promise.all(Array.from({ length: 6 }, () => store.buildByKey(build)))
      expect(new Set(rows.map(({ id }) => id)).size).toBe(1)
      expect(rows[0]).toEqual({ ...build, id: rows[0]?.id, version: 1 })
      await expect(insert('build', build)).rejects.toBeInstanceOf(StaleRow)
    })

    it('the open batch of a pipeline and a key', async () => {
      const batch = someBatch({ key: '2026-11-26' })
      const first = await insert('batch', batch)
      await expect(insert('batch', batch)).rejects.toBeInstanceOf(StaleRow)
      await expect(insert('batch', { ...batch, key: '2026-11-27' })).resolves.toMatchObject({ state: 'open' })
      await store.transaction((tx) => tx.update('batch', { ...first, state: 'closed', nextAt: null }))
      await expect(insert('batch', batch)).resolves.toMatchObject({ state: 'open' })
    })

    it('the verdict of a run', async () => {
      await insert('verdict', someVerdict({ run: 31 }))
      await expect(insert('verdict', someVerdict({ run: 31 }))).rejects.toBeInstanceOf(StaleRow)
    })

    it.each(['launching', 'running', 'succeeded'] as const)('the identity of a run that is %s', async (state) => {
      const identity = digestJson(unique('identity'))
      const holder = await insert('run', someRun({ state, identity }))
      const other = await insert('run', someRun({ state: 'built', identity }))
      const launch = store.transaction((tx) => tx.update('run', { ...other, state: 'launching' }))
      await expect(launch).rejects.toBeInstanceOf(StaleRow)
      // A failed one makes room for another attempt.
      await store.transaction((tx) => tx.update('run', { ...holder, state: 'failed' }))
      await expect(
        store.transaction((tx) => tx.update('run', { ...other, state: 'launching' })),
      ).resolves.toMatchObject({
        state: 'launching',
      })
    })

    it('many that launch one identity at once: one does', async () => {
      const identity = digestJson(unique('identity'))
      const runs = await Promise.all(
        Array.from({ length: 5 }, () => insert('run', someRun({ state: 'built', identity }))),
      )
      const results = await Promise.allSettled(
        runs.map((run) => store.transaction((tx) => tx.update('run', { ...run, state: 'launching' }))),
      )
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })
  })

  describe('claims', () => {
    it('belong to one owner until they end, and bump the version', async () => {
      const run = await insert('run', someRun())
      const claims = await Promise.all(Array.from({ length: 6 }, () => store.claim('run', run.id, 1, now + 1_000)))
      expect(claims.filter((row) => row !== undefined)).toEqual([{ ...run, version: 2 }])
      expect(await store.claim('run', run.id, 2, now + 1_000)).toBeUndefined()
      expect(await store.claim('run', run.id, 1, now + 1_000)).toBeUndefined()
    })

    it.each([
      [999, false],
      [1_000, true],
    ])('after %i of 1000 ms are free: %s', async (elapsed, free) => {
      const run = await insert('run', someRun())
      const start = now
      await store.claim('run', run.id, 1, start + 1_000)
      now = start + elapsed
      expect((await store.claim('run', run.id, 2, now + 1_000)) !== undefined).toBe(free)
    })

    it('are prolonged by their holder, though it wrote the row since; not by one who lost them', async () => {
      const run = await insert('run', someRun())
      const claimed = await store.claim('run', run.id, 1, now + 1_000)
      await store.transaction((tx) => tx.update('run', { ...run, version: claimed?.version ?? 0, state: 'launching' }))
      expect(await store.extend('run', run.id, 2, now + 5_000)).toBe(true)
      now += 2_000
      expect(await store.claim('run', run.id, 3, now + 1_000)).toBeUndefined()
      now += 3_000
      expect(await store.claim('run', run.id, 3, now + 1_000)).toMatchObject({ version: 4 })
      expect(await store.extend('run', run.id, 2, now + 9_000)).toBe(false)
      expect(await store.unclaim('run', run.id, 2)).toBe(false)
    })

    it('end by unclaim, with the row as it is', async () => {
      const run = await insert('run', someRun())
      await store.claim('run', run.id, 1, now + 1_000)
      expect(await store.unclaim('run', run.id, 2)).toBe(true)
      expect(await store.unclaim('run', run.id, 2)).toBe(false)
      expect(await store.extend('run', run.id, 2, now + 1_000)).toBe(false)
      expect(await store.claim('run', run.id, 2, now + 1_000)).toMatchObject({ version: 3 })
    })

    it('end all at once, for a start alone', async () => {
      const run = await insert('run', someRun())
      await store.claim('run', run.id, 1, now + 1_000_000)
      expect(await store.voidLeases()).toBeGreaterThanOrEqual(1)
      expect(await store.voidLeases()).toBe(0)
      expect(await store.claim('run', run.id, 2, now + 1_000)).toMatchObject({ version: 3 })
    })

    it.each(['run', 'verdict'] as const)('put a %s off, and count the failures in a row', async (kind) => {
      const row =
        kind === 'run' ? await insert('run', someRun()) : await insert('verdict', someVerdict({ run: 500 + now }))
      const step = kind === 'run' ? 'build' : 'judge'
      let version = 1
      for (const failures of [1, 2, 3]) {
        const claimed = await store.claim(kind, row.id, version, now + 1_000)
        version = (claimed?.version ?? 0) + 1
        const at = now + failures * 10
        expect(await store.postpone(step, row.id, version - 1, (count) => now + count * 10)).toEqual({ failures, at })
        const jobs = (await store.outbox(1_000)).filter(({ job }) => job.step === step && job.id === row.id)
        expect(jobs.at(-1)).toMatchObject({ job: { version }, at })
      }
      const after = await store.get(kind, row.id)
      if (kind === 'run') expect(after).toMatchObject({ failures: 3, nextAt: now + 30, version })
      // Success starts the count anew.
      const claimed = await store.claim(kind, row.id, version, now + 1_000)
      await store.transaction((tx) => tx.update(kind, claimed as never))
      await store.unclaim(kind, row.id, version + 1)
      await store.claim(kind, row.id, version + 2, now + 1_000)
      expect(await store.postpone(step, row.id, version + 3, () => now)).toMatchObject({ failures: 1 })
      expect(await store.postpone(step, row.id, version + 3, () => now)).toBeUndefined()
    })

    it('park a row until it is written or all are taken up again', async () => {
      const run = await insert('run', someRun())
      await store.claim('run', run.id, 1, now + 1_000)
      expect(await store.park('run', run.id, 2, 'broken \0')).toBe(true)
      expect(await store.park('run', run.id, 2, 'again')).toBe(false)
      expect(await store.parked()).toContainEqual({ kind: 'run', id: run.id, message: 'broken \uFFFD' })
      expect(await store.claim('run', run.id, 3, now + 1_000)).toBeUndefined()
      expect(await store.history('run', run.id)).toMatchObject([
        { from: 'wanted', to: 'wanted', why: 'parked: broken \uFFFD' },
      ])
      expect(await store.unparkAll()).toBeGreaterThanOrEqual(1)
      const claimed = await store.claim('run', run.id, 3, now + 1_000)
      expect(claimed).toMatchObject({ version: 4 })
      await store.park('run', run.id, 4, 'broken')
      await store.transaction((tx) => tx.update('run', { ...run, version: 5 }))
      expect((await store.parked()).filter(({ id, kind }) => kind === 'run' && id === run.id)).toEqual([])
    })
  })

  describe('what is due', () => {
    const isDue = async (id: number, before = now, states: readonly string[] = ['wanted']) =>
      (await store.due('run', states, before, 10_000)).some((row) => row.id === id)

    it('is what its state says, whose time has come, that nobody touched lately', async () => {
      now += 1_000_000
      const ready = await insert('run', someRun({ nextAt: null }))
      const future = await insert('run', someRun({ nextAt: now + 1 }))
      const present = await insert('run', someRun({ nextAt: now }))
      const ended = await insert('run', someRun({ state: 'failed' }))
      expect(await isDue(ready.id)).toBe(true)
      expect(await isDue(ready.id, now - 1)).toBe(false)
      expect(await isDue(ready.id, now, ['built'])).toBe(false)
      expect(await isDue(ready.id, now, [])).toBe(false)
      expect(await isDue(future.id)).toBe(false)
      expect(await isDue(present.id)).toBe(true)
      expect(await isDue(ended.id)).toBe(false)
      expect(await store.due('run', ['wanted'], now, 1)).toHaveLength(1)
    })

    it('is not what is claimed, parked or in the outbox', async () => {
      const run = await insert('run', someRun({ nextAt: null }))
      await store.claim('run', run.id, 1, now + 1_000)
      expect(await isDue(run.id)).toBe(false)
      now += 1_000
      expect(await isDue(run.id)).toBe(true)
      await store.transaction((tx) => tx.enqueue('build', run.id))
      expect(await isDue(run.id)).toBe(false)
      await store.removeFromOutbox((await store.outbox(10_000)).map(({ sequence }) => sequence))
      expect(await isDue(run.id)).toBe(true)
      await store.claim('run', run.id, 2, now + 1_000)
      await store.park('run', run.id, 3, 'broken')
      expect(await isDue(run.id)).toBe(false)
    })
  })

  it('keeps settings, and replaces them', async () => {
    const key = unique('listing')
    expect(await store.readSetting(key)).toBeUndefined()
    for (const value of [{ a: [1, null] }, 'text', 7, null, []]) {
      await store.writeSetting(key, value)
      expect(await store.readSetting(key)).toEqual(value)
    }
  })

  it('keeps what turned out to be true of answers, the last word of each request, for 90 days', async () => {
    const place = { target: 'local', endpoint: unique('endpoints/beans') }
    expect(await store.feedback(place)).toEqual([])
    await store.recordFeedback(
      place,
      [
        { request: 'a', labels: ['SIRA'] },
        { request: 'b', labels: [1.5, null] },
        { request: 'a', labels: ['BOMBAY'] },
      ],
      now,
    )
    await store.recordFeedback({ ...place, target: 'elsewhere' }, [{ request: 'a', labels: ['of another'] }], now)
    await store.recordFeedback(place, [{ request: 'b', labels: [2, 'x\0y'] }], now + 1)
    expect([...(await store.feedback(place))].sort((x, y) => (x.request < y.request ? -1 : 1))).toEqual([
      { request: 'a', labels: ['BOMBAY'] },
      { request: 'b', labels: [2, 'x\uFFFDy'] },
    ])
    const later = now + 90 * 86_400_000 + 1
    await store.recordFeedback(place, [{ request: 'c', labels: [true] }], later)
    expect((await store.feedback(place)).map(({ request }) => request).sort()).toEqual(['b', 'c'])
  })

  it('is up to date after its creation, and says so', async () => {
    expect(await store.migrate()).toEqual([])
  })

  it('keeps its tables in a schema of its own', async () => {
    const { rows } = await pool.query(
      `select table_schema from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')`,
    )
    expect(new Set(rows.map((row) => row['table_schema']))).toEqual(new Set(['winnow']))
  })
})
