import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createStore } from '../../src/adapters/store/store.ts'
import type { Person } from '../../src/domain/approval.ts'
import { type Change, describeCause } from '../../src/domain/change.ts'
import { trace } from '../../src/ledger/trace.ts'
import { lookAtSchedules } from '../../src/workers/loops/keep-schedules.ts'
import { createReplay } from '../../src/workers/people/replay-change.ts'
import { createTell } from '../../src/workers/people/tell-worse.ts'
import {
  createWalk,
  goodFiles,
  openWalkDatabase,
  policyYaml,
  repository,
  type Walk,
  type WalkDatabase,
  winnowYaml,
} from './walk.ts'

const signal = new AbortController().signal
const minute = 60_000
const hour = 60 * minute

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  walk = await createWalk(database)
})

const declare = (on: string, more = '') =>
  walk.commit('main', {
    ...goodFiles,
    'winnow.yaml': winnowYaml({ on }).replace('environments:\n', `${more}environments:\n`),
  })
const changes = () => walk.store.list('change', {}, 100, 'oldest')
const runs = () => walk.store.list('run', {}, 100, 'oldest')
const endings = async () => (await changes()).map(({ cause, state }) => `${cause.kind} ${state}`)

describe('a schedule', () => {
  const look = () => lookAtSchedules(walk, repository, signal)
  const hourly = (over = '') => `{schedule: {cron: "0 * * * *"${over}}}`
  const slots = async () =>
    (await changes()).map(({ cause }) => (cause.kind === 'schedule' ? [cause.slot / hour, cause.missed] : []))

  it('does not fire for what was before it, and then once a slot, at the head of the protected branch', async () => {
    const head = declare(hourly())
    walk.pass(10 * hour)
    expect(await look()).toBe(0)
    walk.pass(hour)
    expect([await look(), await look()]).toEqual([1, 0])
    await walk.drain()
    const [change] = await changes()
    const [run] = await runs()
    expect(change).toMatchObject({
      state: 'started',
      dedupeKey: 'schedule:beans:beans:UTC:0 * * * *:1970-01-01T11:00:00.000Z',
    })
    expect(change?.reason).toBe(`0 * * * * in UTC at 1970-01-01T11:00:00.000Z: run ${run?.id} of beans`)
    expect(run?.commit).toBe(head)
  })

  it('runs anew each time, though nothing is different', async () => {
    declare(hourly())
    await look()
    for (let i = 0; i < 2; i++) {
      walk.pass(hour)
      await look()
      await walk.drain()
    }
    const all = await runs()
    expect(all.map(({ state }) => state)).toEqual(['succeeded', 'succeeded'])
    expect(new Set(all.map(({ jobId }) => jobId)).size).toBe(2)
  })

  it('says when it is in the parameter that it names', async () => {
    walk.commit('main', {
      ...goodFiles,
      'winnow.yaml': winnowYaml({ on: hourly(', into: target'), parameters: '{}' }),
    })
    await look()
    walk.pass(hour)
    await look()
    await walk.drain()
    expect((await runs())[0]).toMatchObject({ state: 'succeeded', parameters: { target: '1970-01-01T01:00:00.000Z' } })
  })

  it.each([
    ['none', '', [[11, 5]]],
    [
      'last',
      '',
      [
        [10, 4],
        [11, 0],
      ],
    ],
    [
      'all',
      ', lookBack: 3h',
      [
        [8, 0],
        [9, 0],
        [10, 0],
        [11, 0],
      ],
    ],
  ])('that was missed is caught up as it says: %s', async (catchUp, lookBack, expected) => {
    declare(hourly(`, catchUp: ${catchUp}${lookBack}`))
    walk.pass(5 * hour - walk.now())
    await look()
    walk.pass(5 * hour + 20 * minute)
    await look()
    walk.pass(40 * minute)
    await look()
    expect(await slots()).toEqual(expected)
  })

  it('goes by the clocks of its time zone, also where they are put forward while nobody looks', async () => {
    declare('{schedule: {cron: "30 2,3 * * *", timezone: Europe/Berlin, catchUp: all, lookBack: 2d}}')
    walk.pass(Date.parse('2026-03-28T00:00:00Z') - walk.now())
    await look()
    walk.pass(Date.parse('2026-03-29T12:00:00Z') - walk.now())
    await look()
    const at = (await changes()).map(({ cause }) =>
      cause.kind === 'schedule' ? new Date(cause.slot).toISOString() : '',
    )
    // 02:30 does not exist on the 29th: it is the moment at which clocks are put forward.
    expect(at).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-28T02:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T01:30:00.000Z',
    ])
  })

  it('that is taken away and comes back is a new one', async () => {
    declare(hourly())
    await look()
    declare('{}')
    walk.pass(hour)
    await look()
    walk.pass(5 * hour)
    declare(hourly())
    expect(await look()).toBe(0)
    walk.pass(hour)
    expect(await look()).toBe(1)
  })

  it('is one change, whoever looks at the same time', async () => {
    declare(hourly())
    await look()
    walk.pass(hour)
    const other = { ...walk, store: await createStore(database.pool, walk.now) }
    const found = await Promise.all([look(), lookAtSchedules(other, repository, signal), look()])
    expect(found.reduce((sum, one) => sum + one)).toBe(1)
    expect(await changes()).toHaveLength(1)
  })

  it('that a crash left between change and setting is one change all the same', async () => {
    declare(hourly())
    await look()
    walk.pass(hour)
    const dying = { ...walk.store, writeSetting: () => Promise.reject(new Error('killed')) }
    await expect(lookAtSchedules({ ...walk, store: dying }, repository, signal)).rejects.toThrow('killed')
    expect(await look()).toBe(0)
    expect(await changes()).toHaveLength(1)
  })

  it('that is not declared any more when its slot is matched ends with a reason', async () => {
    declare(hourly())
    await look()
    walk.pass(hour)
    await look()
    declare('{}')
    await walk.drain()
    expect((await changes())[0]).toMatchObject({
      state: 'ignored',
      reason: 'no pipeline beans has the schedule 0 * * * * in UTC any more',
    })
  })

  it('whose older slot waits lets that give way to the newer one', async () => {
    declare(hourly())
    await look()
    for (let i = 0; i < 2; i++) {
      walk.pass(hour)
      await look()
    }
    await walk.drain({ jobs: 2 })
    await walk.drain()
    expect(await endings()).toEqual(['schedule superseded', 'schedule started'])
  })
})

const features =
  '  features: {ir: pipelines/beans.json, parameters: {target: Class}, on: {upstream: {model: beans, environment: dev}}}\n'

describe('an upstream', () => {
  it('that goes live starts who waits for it, told in the transaction that makes it live', async () => {
    declare('{push: {branches: [main]}}', features)
    await walk.push(walk.heads.get('main') as string)
    await walk.drain()
    const [release] = await walk.store.list('release')
    const [, change] = await changes()
    expect(change).toMatchObject({
      state: 'started',
      dedupeKey: `upstream:beans:release:${release?.id}`,
      cause: { kind: 'upstream', live: { model: 'beans', environment: 'dev' } },
      lineage: [{ repository, pipeline: 'beans', run: release?.run }],
    })
    const told = (await walk.store.history('change', change?.id as number))[0]?.at
    const live = (await walk.store.history('release', release?.id as number)).find(({ to }) => to === 'live')?.at
    expect(told).toBe(live)
    expect((await runs()).map(({ pipeline, state }) => [pipeline, state])).toEqual([
      ['beans', 'succeeded'],
      ['features', 'succeeded'],
    ])
    expect(change?.reason).toContain(`beans in dev of beans: release ${release?.id} is live: run`)
  })

  it('of another repository is heard where the config says so', async () => {
    const others = { leaves: { upstream: [repository] }, stems: {} }
    walk = await createWalk(database, { others })
    // The fake host has the same files for all: each of them would wait.
    declare(
      '{push: {branches: [main]}}',
      '  after: {ir: pipelines/beans.json, parameters: {target: Class}, on: {upstream: {repository: beans, pipeline: beans}}}\n',
    )
    await walk.push(walk.heads.get('main') as string)
    await walk.drain()
    const heard = (await changes()).filter(({ cause }) => cause.kind === 'upstream')
    expect(heard.map((change) => [change.repository, change.state]).sort()).toEqual([
      ['beans', 'started'],
      ['leaves', 'started'],
    ])
  })

  it('that fails or that nobody waits for is told to nobody', async () => {
    walk.fate.next = { failure: 'no more disk' }
    declare('{push: {branches: [main]}}', '  next: {ir: pipelines/beans.json, on: {upstream: {pipeline: beans}}}\n')
    await walk.push(walk.heads.get('main') as string)
    await walk.drain()
    expect(await endings()).toEqual(['push started'])
  })

  it('is heard of though the declaration of who waits cannot be read just then', async () => {
    declare(
      '{push: {branches: [main]}}',
      '  next: {ir: pipelines/beans.json, parameters: {target: Class}, on: {upstream: {pipeline: beans}}}\n',
    )
    walk.fate.next = { endless: true }
    await walk.push(walk.heads.get('main') as string)
    await walk.drain({ jobs: 5 })
    const head = walk.heads.get('main') as string
    walk.heads.delete('main')
    walk.fate.next = { accuracy: 0.95 }
    for (let jobs = 0; (await changes()).length < 2 && jobs < 50; jobs++) await walk.drain({ jobs: 1 })
    walk.heads.set('main', head)
    await walk.drain()
    expect(await endings()).toEqual(['push started', 'upstream started'])
  })

  it('in a ring of two goes round once and stops, and says why', async () => {
    declare(
      '{push: {branches: [main]}, upstream: {pipeline: features}}',
      '  features: {ir: pipelines/beans.json, parameters: {target: Class}, on: {upstream: {pipeline: beans}}}\n',
    )
    await walk.push(walk.heads.get('main') as string)
    await walk.drain()
    expect(
      (await changes()).map(({ cause, state, reason }: Change) => [
        cause.kind,
        state,
        state === 'ignored' ? reason : '',
      ]),
    ).toEqual([
      ['push', 'started', ''],
      ['upstream', 'started', ''],
      ['upstream', 'ignored', 'loop: beans → features → beans'],
    ])
    expect(await runs()).toHaveLength(2)
  })

  it('keeps what led to it through a retrain', async () => {
    walk.fate.next = { accuracy: 0.6 }
    walk.commit('main', {
      ...goodFiles,
      'policies/beans.yaml': policyYaml('otherwise: {retrain: {attempts: 1}}\n'),
      'winnow.yaml': winnowYaml({ on: '{upstream: {pipeline: first}}' }).replace(
        'environments:\n',
        '  first: {ir: pipelines/beans.json, parameters: {target: A}, on: {push: {branches: [main]}}}\n  last: {ir: pipelines/beans.json, parameters: {target: B}, on: {upstream: {pipeline: beans}}}\nenvironments:\n',
      ),
    })
    await walk.push(walk.heads.get('main') as string)
    await walk.drain()
    const told = (await changes()).filter(({ cause }) => cause.kind === 'upstream' && cause.pipeline === 'beans')
    expect(told.map(({ lineage }) => lineage?.map(({ pipeline }) => pipeline))).toEqual([
      ['first', 'beans'],
      ['first', 'beans'],
    ])
  })
})

describe('drift', () => {
  const drift = (value: number, over: object = {}) =>
    walk.record({
      kind: 'drift',
      environment: 'dev',
      model: 'beans',
      metric: 'psi',
      value,
      threshold: 0.2,
      at: walk.now(),
      ...over,
    })
  const reasons = async () => (await changes()).map(({ state, reason }) => [state, reason])

  it('trains the model again, once at a time and not again before it has cooled down', async () => {
    declare('{drift: {environment: dev, cooldown: 6h}}')
    walk.fate.next = { endless: true }
    await drift(0.31)
    await walk.drain({ jobs: 5 })
    await drift(0.32)
    await walk.drain({ jobs: 3 })
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    walk.pass(hour)
    await drift(0.33)
    await walk.drain()
    walk.pass(6 * hour)
    await drift(0.34)
    await walk.drain()
    const [first, second] = await runs()
    expect(await reasons()).toEqual([
      ['started', `drift of beans in dev: psi is 0.31, the limit is 0.2: run ${first?.id} of beans`],
      ['ignored', `run ${first?.id}, which drift asked for, has not ended`],
      [
        'ignored',
        expect.stringMatching(/^it cools down until 1970-01-01T06:\d\d:\d\d\.\d+Z: drift started run \d+ already$/),
      ],
      ['started', `drift of beans in dev: psi is 0.34, the limit is 0.2: run ${second?.id} of beans`],
    ])
    expect(await runs()).toHaveLength(2)
  })

  it('elsewhere, of another model or of another kind is not what the pipeline asked for', async () => {
    declare('{drift: {environment: dev}}')
    await drift(0.3, { environment: 'prod' })
    await drift(0.3, { model: 'leaves' })
    await drift(0.3, { kind: 'degraded' })
    await walk.drain()
    expect(await reasons()).toEqual([
      ['ignored', 'no pipeline makes beans again on drift in prod'],
      ['ignored', 'no pipeline makes leaves again on drift in dev'],
      ['ignored', 'no pipeline makes beans again on degraded in dev'],
    ])
  })

  it('waits for a declaration that somebody is about to correct', async () => {
    declare('{drift: {environment: nowhere}}')
    await drift(0.3)
    await walk.drain({ jobs: 3 })
    expect(await endings()).toEqual(['drift recorded'])
    declare('{drift: {environment: dev}}')
    await walk.drain()
    expect(await endings()).toEqual(['drift started'])
  })
})

const drifted = {
  kind: 'drift',
  environment: 'dev',
  model: 'beans',
  metric: 'psi',
  value: 0.3,
  threshold: 0.2,
} as const

describe('drift that a monitor tells of', () => {
  const watch: Person = { name: 'watch', groups: ['monitors'], knownAs: [] }
  const tell = async (version?: string): Promise<Change> => {
    const ports = { ...walk, repositories: [repository] }
    const { change } = await createTell(ports)(watch, { ...drifted, version, at: walk.now() })
    await walk.drain()
    return walk.get('change', change)
  }
  const day = 24 * hour
  /** A pipeline that is pushed, and trained again by drift. */
  const pushed = async (attempts: string) => {
    declare(`{push: {branches: [main]}, drift: {environment: dev, cooldown: 1h${attempts}}}`)
    await walk.push(walk.heads.get('main') as string)
    await walk.drain()
  }

  it('is of the version that serves: its way goes back to what brought that, and from there to what followed', async () => {
    await pushed('')
    const [release] = await walk.store.list('release', { state: 'live' })
    const told = await tell()
    const version = release?.registered?.version
    expect(told.cause).toMatchObject({ release: release?.id, run: release?.run, version })
    expect(describeCause(told.cause)).toBe(`beans version ${version} in dev: psi 0.3`)
    const up = await trace(walk.real, 'change', told.id)
    const push = (await changes())[0]?.id
    expect(up?.causes).toMatchObject([
      { kind: 'change', id: push },
      { kind: 'run', id: release?.run },
      { kind: 'verdict' },
    ])
    const down = await trace(walk.real, 'change', push as number)
    expect(JSON.stringify(down?.change)).toContain(`"kind":"change","id":${told.id}`)
  })

  it('does not train for ever what its own deliveries make worse: after so many tries somebody has to look', async () => {
    await pushed(', attempts: 2')
    const told: Change[] = []
    for (let i = 0; i < 4; i++) {
      told.push(await tell())
      walk.pass(2 * hour)
    }
    expect(told.map(({ state }) => state)).toEqual(['started', 'started', 'ignored', 'ignored'])
    const [, second, third] = await runs()
    expect(told[2]?.reason).toBe(
      `loop: run ${second?.id} → run ${third?.id} were such tries, and it is worse again: somebody has to look. What a push or a person brings starts anew`,
    )
    // Somebody looked.
    walk.commit('main', {
      ...goodFiles,
      'winnow.yaml': winnowYaml({
        on: '{push: {branches: [main]}, drift: {environment: dev, cooldown: 1h, attempts: 2}}',
        parameters: '{target: Other}',
      }),
    })
    await walk.push(walk.heads.get('main') as string)
    await walk.drain()
    expect((await tell()).state).toBe('started')
  })

  it('counts anew where the model has served for long before', async () => {
    await pushed(', attempts: 1')
    expect((await tell()).state).toBe('started')
    walk.pass(29 * day)
    expect((await tell()).state).toBe('ignored')
    walk.pass(2 * day)
    expect((await tell()).state).toBe('started')
  })

  it('counts a try once, however often its verdict had it trained again', async () => {
    walk.commit('main', {
      ...goodFiles,
      'policies/beans.yaml': policyYaml('otherwise: {retrain: {attempts: 2}}\n'),
      'winnow.yaml': winnowYaml({
        on: '{push: {branches: [main]}, drift: {environment: dev, cooldown: 1h, attempts: 2}}',
      }),
    })
    await walk.push(walk.heads.get('main') as string)
    await walk.drain()
    walk.fate.next = { accuracy: 0.6 }
    const ports = { ...walk, repositories: [repository] }
    const { change } = await createTell(ports)(watch, { ...drifted, at: walk.now() })
    await walk.drain({ jobs: 8 })
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    expect(await walk.get('change', change)).toMatchObject({ state: 'started' })
    expect((await runs()).map(({ attempt }) => attempt)).toEqual([1, 1, 2])
    walk.pass(2 * hour)
    expect((await tell()).state).toBe('started')
    walk.pass(2 * hour)
    expect((await tell()).state).toBe('ignored')
  })

  it('of a version that serves no more starts nothing, and of one that was never there is refused', async () => {
    await pushed('')
    const [first] = await walk.store.list('release', { state: 'live' })
    await tell()
    walk.pass(2 * hour)
    const [second] = await walk.store.list('release', { state: 'live' })
    expect(second?.id).not.toBe(first?.id)
    expect(await tell(first?.registered?.version)).toMatchObject({
      state: 'ignored',
      reason: `it is about version ${first?.registered?.version}, and release ${first?.id}, which brought that, is retired`,
    })
    expect((await tell(second?.registered?.version)).state).toBe('started')
    await expect(tell('4711')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('is of no release where Winnow brought none there', async () => {
    declare('{drift: {environment: dev}}')
    const told = await tell()
    expect(told.cause).not.toHaveProperty('release')
    expect(told.state).toBe('started')
  })
})

describe('data that a run wrote', () => {
  const twoInARing =
    '{push: {branches: [main]}, data: {uri: "gs://acme/made/**/features.csv", quiet: 5s, into: source}}'
  const features =
    '  features: {ir: pipelines/beans.json, parameters: {target: Class}, on: {data: {uri: "gs://acme/made/**/beans.csv", quiet: 5s, into: source}}}\n'
  const wrote = (uri: string) => walk.record({ kind: 'data', pipeline: null, uri, generation: '1', size: 9 })
  const under = (jobId: string | null, file: string) => `gs://acme/made/123/${jobId}/train_1/${file}`
  const ran = async () => (await runs()).map(({ pipeline, state }) => `${pipeline} ${state}`)

  beforeEach(async () => {
    walk = await createWalk(database, { bounds: { addresses: ['gs://acme/'] } })
    declare(twoInARing, features)
    await walk.push(walk.heads.get('main') as string)
    await walk.drain()
  })

  it('starts the next pipeline, and not once more the one that led to it', async () => {
    const [first] = await runs()
    await wrote(under(first?.jobId ?? '', 'beans.csv'))
    await walk.drain()
    const [, second] = await runs()
    expect(await ran()).toEqual(['beans succeeded', 'features succeeded'])
    const back = await wrote(under(second?.jobId ?? '', 'features.csv'))
    await walk.drain()
    expect(await walk.get('change', back)).toMatchObject({
      state: 'ignored',
      reason: `loop: beans → features → beans: run ${second?.id} wrote it`,
    })
    expect(await ran()).toHaveLength(2)
  })

  it('is known by the artifact that it is, too, but not where the pipeline names the address itself', async () => {
    const [run] = await runs()
    const artifact = (uri: string) => ({ output: 'table', uri, schemaTitle: 'system.Dataset', metadata: {} })
    const task = {
      id: '1',
      name: 'train',
      parent: null,
      state: 'succeeded',
      startedAt: 1,
      endedAt: 2,
      error: null,
    } as const
    await walk.store.transaction(async (tx) => {
      const row = await tx.get('run', run?.id as number)
      if (row === undefined) return
      const artifacts = [artifact('gs://acme/made/elsewhere/'), artifact('gs://acme/made/given')]
      const parameters = { ...row.parameters, from: 'gs://acme/made/given' }
      await tx.update('run', { ...row, parameters, tasks: [{ ...task, logUri: null, artifacts }] })
    })
    const own = await wrote('gs://acme/made/elsewhere/features.csv')
    const given = await wrote('gs://acme/made/given/features.csv')
    await walk.drain({ jobs: 2 })
    expect(await walk.get('change', own)).toMatchObject({
      state: 'ignored',
      reason: `loop: beans → beans: run ${run?.id} wrote it`,
    })
    expect(await walk.get('change', given)).toMatchObject({ state: 'batched' })
  })

  it('is kept by the second batch that it joins, too, and by a replay', async () => {
    const third =
      '  third: {ir: pipelines/beans.json, parameters: {target: C}, on: {data: {uri: "gs://acme/made/**/beans.csv", quiet: 5s, into: source}}}\n'
    declare(twoInARing, features + third)
    const [first] = await runs()
    const made = await wrote(under(first?.jobId ?? '', 'beans.csv'))
    await walk.drain()
    const last = (await runs()).find(({ pipeline }) => pipeline === 'third')
    const back = await wrote(under(last?.jobId ?? '', 'features.csv'))
    await walk.drain()
    expect(await walk.get('change', back)).toMatchObject({
      state: 'ignored',
      reason: `loop: beans → third → beans: run ${last?.id} wrote it`,
    })
    const grace = { name: 'grace', groups: ['operators'], knownAs: [] }
    const ports = { ...walk, repositories: [repository] }
    const replayed = await createReplay(ports)(made, grace, 'to see it again')
    expect((await walk.get('change', replayed.change)).lineage).toEqual((await walk.get('change', made)).lineage)
  })

  it('is not forgotten by a run that reads what another one had given up', async () => {
    declare(twoInARing, features.replace('quiet: 5s', 'quiet: 5s, overlap: replace'))
    const [first] = await runs()
    const drop = async (uri: string) => {
      await wrote(uri)
      for (let i = 0; i < 3; i++) {
        await walk.drain({ until: walk.now() + 100 })
        walk.pass(6_000)
      }
    }
    walk.fate.next = { endless: true }
    await drop('gs://acme/made/x/beans.csv')
    await drop(under(first?.jobId ?? '', 'beans.csv'))
    await drop('gs://acme/made/y/beans.csv')
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    expect(await ran()).toEqual(['beans succeeded', 'features succeeded', 'features superseded', 'features succeeded'])
    const last = (await runs()).at(-1)
    expect(last?.manifest).toHaveLength(2)
    const back = await wrote(under(last?.jobId ?? '', 'features.csv'))
    await walk.drain()
    expect((await walk.get('change', back)).reason).toBe(`loop: beans → features → beans: run ${last?.id} wrote it`)
  })

  it('is known of a batch that was there before batches knew what led to them', async () => {
    const [first] = await runs()
    await wrote(under(first?.jobId ?? '', 'beans.csv'))
    await walk.drain({ jobs: 1 })
    await database.pool.query(`update winnow.batch set document = (document::jsonb - 'lineage')::json`)
    await walk.drain()
    const [, second] = await runs()
    const back = await wrote(under(second?.jobId ?? '', 'features.csv'))
    await walk.drain()
    expect((await walk.get('change', back)).reason).toBe(`loop: beans → features → beans: run ${second?.id} wrote it`)
  })

  it('by somebody else starts what it starts', async () => {
    await wrote(under('winnow-peas-0123456789abcdef', 'features.csv'))
    await walk.drain()
    expect(await ran()).toEqual(['beans succeeded', 'beans succeeded'])
  })
})
