import { describe, expect, it } from 'vitest'
import { drawAccount } from './account.ts'
import type { Books } from './booked.ts'
import { emptyRecord, type Sent, type SentRecord } from './record.ts'

type Loose<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? Loose<I>[] : T[K] }

const happening = (sender: string, about: string, outcomes: Sent['outcomes'], id: number | undefined): Sent => ({
  sender,
  repository: 'beans',
  about,
  outcomes,
  acknowledged: 1,
  ids: new Set(id === undefined ? [] : [id]),
  fresh: id === undefined ? 0 : 1,
})

const data = (uri: string, lasts = true): Sent => ({
  ...happening('folder', `data ${uri} written`, ['batched'], undefined),
  object: { key: uri, lasts },
})

/** Two pushes, of which one was told twice and one starts a run; two objects in one batch; one forgery. All of it adds up. */
const story = (): { readonly record: SentRecord; readonly books: Loose<Books> } => {
  const record = emptyRecord()
  const started = happening('GitHub', 'push main', ['started', 'superseded'], 2)
  record.happenings.push({ ...happening('GitHub', 'push feature', ['ignored'], 1), acknowledged: 2 }, started)
  record.happenings.push(data('file:///a'), data('file:///b'))
  record.refused.push({ sender: 'GitHub', how: 'wrong signature', status: 401, right: true, at: 0 })
  record.sent.set('GitHub', 4).set('folder', 2)
  const change = { repository: 'beans', sender: '', batch: null, endings: 1 }
  const run = { repository: 'beans', identity: 'one', jobId: 'job-one', state: 'succeeded', launchedAt: 1 }
  return {
    record,
    books: {
      changes: [
        { ...change, id: 1, about: 'push feature', state: 'ignored' },
        { ...change, id: 2, about: 'push main', state: 'started' },
        { ...change, id: 3, about: 'data file:///a written', state: 'batched', batch: 1 },
        { ...change, id: 4, about: 'data file:///b written', state: 'batched', batch: 1 },
      ],
      batches: [{ id: 1, state: 'closed' }],
      runs: [
        { ...run, id: 1, change: 2, batch: null, manifest: [] },
        { ...run, id: 2, change: 3, batch: 1, identity: 'two', jobId: 'job-two', manifest: ['file:///a', 'file:///b'] },
      ],
      jobs: ['job-one', 'job-two'] as never,
      verdicts: [],
      pauses: [],
      refusedMessages: [],
      sum: { ignored: 1, started: 1, batched: 2 },
      report: {
        matches: true,
        acknowledged: 4,
        outcomes: { ignored: 1, started: 1, batched: 2 },
        faults: [],
        parked: [],
        refused: [],
      },
    },
  }
}

type Change = Loose<Books>['changes'][number]
type Run = Loose<Books>['runs'][number]

describe('the account', () => {
  it('adds up where everything does', () => {
    const { record, books } = story()
    expect(drawAccount(record, books)).toMatchObject({
      sent: 6,
      acknowledged: { distinct: 4, duplicates: 1, nothings: 0 },
      refused: { 'wrong signature: 401': 1 },
      outcomes: { ignored: 1, started: 1, batched: 2 },
      senders: { GitHub: { sent: 4, distinct: 2 }, folder: { sent: 2, distinct: 2, outcomes: { batched: 2 } } },
      jobs: 2,
      objects: 2,
      differences: [],
    })
  })

  it('is not disturbed by a happening that nobody acknowledged and nobody recorded', () => {
    const { record, books } = story()
    record.happenings.push({ ...happening('GitHub', 'push lost', ['ignored'], undefined), acknowledged: 0 })
    expect(drawAccount(record, books).differences).toEqual([])
  })

  it('is not disturbed by an object that was replaced in time', () => {
    const { record, books } = story()
    record.happenings.push(data('file:///c', false))
    books.changes.push({ ...(books.changes[2] as Change), id: 5, about: 'data file:///c written' })
    books.sum = { ...books.sum, batched: 3 }
    books.report = { ...books.report, acknowledged: 5, outcomes: books.sum }
    expect(drawAccount(record, books).differences).toEqual([])
  })

  it('is not disturbed by what need not come and did not', () => {
    const { record, books } = story()
    record.happenings.push({ ...happening('clock', 'tick', ['started'], undefined), unsure: true })
    expect(drawAccount(record, books).differences).toEqual([])
  })

  const changeOf = (books: Loose<Books>, id: number): Change => books.changes.find((one) => one.id === id) as Change
  const runOf = (books: Loose<Books>, id: number): Run => books.runs.find((one) => one.id === id) as Run
  const sentOf = (record: SentRecord, about: string): Sent =>
    record.happenings.find((one) => one.about === about) as Sent

  it.each<[string, RegExp, (record: SentRecord, books: Loose<Books>) => void]>([
    [
      'a store that acknowledges and records nothing',
      /push feature of beans was acknowledged, and there are 0 changes of it/,
      (_, books) => books.changes.shift(),
    ],
    [
      'a happening that was recorded twice',
      /push feature of beans was acknowledged, and there are 2 changes of it/,
      (_, books) => books.changes.push({ ...changeOf(books, 1), id: 9 }),
    ],
    [
      'a duplicate that was called new',
      /push feature of beans was called new 2 times/,
      (record) => {
        sentOf(record, 'push feature').fresh = 2
      },
    ],
    [
      'a duplicate that was said to be another change',
      /said to be the changes 1, 2/,
      (record) => sentOf(record, 'push feature').ids.add(2),
    ],
    [
      'an answer that named the change of something else',
      /push feature of beans was said to be change 2, which is push main of beans/,
      (record) => {
        const sent = sentOf(record, 'push feature')
        sent.ids.clear()
        sent.ids.add(2)
      },
    ],
    [
      'a change of the wrong repository',
      /push feature of beans was acknowledged, and there are 0 changes/,
      (_, books) => {
        changeOf(books, 1).repository = 'peas'
      },
    ],
    [
      'a change that nobody sent, such as a forgery',
      /change 9 \(push forged of beans\) was sent by nobody/,
      (_, books) => books.changes.push({ ...changeOf(books, 1), id: 9, about: 'push forged' }),
    ],
    [
      'a change that was refused to everybody',
      /push feature of beans was never acknowledged, and is recorded/,
      (record) => {
        sentOf(record, 'push feature').acknowledged = 0
      },
    ],
    [
      'a change without an outcome',
      /change 1 \(push feature\) has no outcome/,
      (_, books) => {
        changeOf(books, 1).state = 'recorded'
      },
    ],
    [
      'a change with two outcomes',
      /change 1 \(push feature\) ended 2 times/,
      (_, books) => {
        changeOf(books, 1).endings = 2
      },
    ],
    [
      'an outcome without a history',
      /change 1 \(push feature\) ended 0 times/,
      (_, books) => {
        changeOf(books, 1).endings = 0
      },
    ],
    [
      'a wrong outcome',
      /push feature, change 1, ended as started and not as ignored/,
      (_, books) => {
        changeOf(books, 1).state = 'started'
      },
    ],
    [
      'a sum that is one short',
      /the store has 1 ignored changes, and the API says 0/,
      (_, books) => {
        books.sum = { started: 1, batched: 2 }
      },
    ],
    [
      'a report that does not match',
      /the report does not match: github: 1 missing/,
      (_, books) => {
        books.report = { ...books.report, matches: false, faults: ['github: 1 missing'] as never }
      },
    ],
    [
      'a report that matches itself only',
      /the report counts 3 acknowledged changes, and there are 4/,
      (_, books) => {
        books.report = { ...books.report, acknowledged: 3, outcomes: { ignored: 1, batched: 2 } }
      },
    ],
    [
      'a row that waits for somebody',
      /run 1 is parked: launch: no/,
      (_, books) => {
        books.report = { ...books.report, parked: [{ kind: 'run', id: 1, message: 'launch: no' }] }
      },
    ],
    [
      'a forgery that was believed',
      /GitHub: wrong signature was acknowledged/,
      (record) => record.believed.push({ sender: 'GitHub', how: 'wrong signature' }),
    ],
    [
      'a forgery that broke something',
      /GitHub: no signature was refused with 422/,
      (record) => record.refused.push({ sender: 'GitHub', how: 'no signature', status: 422, right: false, at: 0 }),
    ],
    [
      'a genuine delivery that was refused',
      /GitHub: genuine was refused with 401/,
      (record) => record.refused.push({ sender: 'GitHub', how: 'genuine', status: 401, right: false, at: 0 }),
    ],
    ['a sender without an answer', /GitHub: 503 was never answered/, (record) => record.unanswered.push('GitHub: 503')],
    [
      'a run that never ends',
      /run 1 is still running/,
      (_, books) => {
        runOf(books, 1).state = 'running'
      },
    ],
    [
      'a verdict that nobody gives',
      /verdict 1 is still to be given/,
      (_, books) => books.verdicts.push({ id: 1, state: 'pending' }),
    ],
    [
      'a happening that need not come, and came twice',
      /clock: tick of beans was acknowledged, and there are 2 changes of it/,
      (record, books) => {
        record.happenings.push({ ...happening('clock', 'tick', ['started'], undefined), unsure: true })
        for (const id of [8, 9]) books.changes.push({ ...changeOf(books, 1), id, about: 'tick', state: 'started' })
      },
    ],
    [
      'a run that failed',
      /run 1 failed/,
      (_, books) => {
        runOf(books, 1).state = 'failed'
      },
    ],
    [
      'an identity twice',
      /runs share the identity one/,
      (_, books) => {
        runOf(books, 2).identity = 'one'
      },
    ],
    [
      'a job of two runs',
      /runs share the job job-one/,
      (_, books) => {
        runOf(books, 2).jobId = 'job-one'
      },
    ],
    [
      'a job twice',
      /the platform lists the job job-one \(2 times\)/,
      (_, books) => books.jobs.push('job-one' as never),
    ],
    ['a job of no run', /the platform has a job stray of no run/, (_, books) => books.jobs.push('stray' as never)],
    ['a job that was never made', /the platform has no job job-one/, (_, books) => books.jobs.shift()],
    [
      'a started change without a run',
      /change 2 is started, and has no run/,
      (_, books) => {
        runOf(books, 1).change = 3
      },
    ],
    [
      'an object in no manifest',
      /file:\/\/\/b of beans is in 0 manifests/,
      (_, books) => {
        runOf(books, 2).manifest = ['file:///a'] as never
      },
    ],
    [
      'an object in two manifests',
      /file:\/\/\/a of beans is in 2 manifests/,
      (_, books) => {
        books.runs.push({
          ...runOf(books, 2),
          id: 3,
          batch: 2,
          state: 'reused',
          manifest: ['file:///a'] as never,
        })
      },
    ],
    [
      'an object that nobody told of',
      /file:\/\/\/x of beans is in a manifest, and nobody told of it/,
      (_, books) => {
        runOf(books, 2).manifest = ['file:///a', 'file:///b', 'file:///x'] as never
      },
    ],
    [
      'a batch that stays open',
      /batch 1 is still open/,
      (_, books) => {
        books.batches = [{ id: 1, state: 'open' }]
      },
    ],
    [
      'a batch that is not there',
      /change 3 joined a batch that is not there/,
      (_, books) => {
        books.batches = []
      },
    ],
    [
      'two runs of one batch',
      /runs share the batch 1/,
      (_, books) => books.runs.push({ ...runOf(books, 2), id: 3, state: 'reused', manifest: [] }),
    ],
  ])('tells %s', (_what, difference, spoil) => {
    const { record, books } = story()
    spoil(record, books)
    expect(drawAccount(record, books).differences).toContainEqual(expect.stringMatching(difference))
  })
})
