import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Release, releaseEnded } from '../../src/domain/release.ts'
import { deliver } from '../../src/workers/release/deliver.ts'
import { champion, createReleaseScene } from './release-scene.ts'

describe('a release', () => {
  it('goes live on an endpoint that it makes itself', async () => {
    const scene = createReleaseScene()
    const { id } = await scene.queue()
    await scene.drain()
    const release = await scene.store.get('release', id)
    expect(release?.state).toBe('live')
    expect(scene.endpoint()?.split).toEqual({ [release?.deployedModel as string]: 100 })
    expect(scene.fake.state.versions.find((v) => v.aliases.includes('champion'))?.aliases).toContain('dev')
    const states = (await scene.store.history('release', id)).map((entry) => entry.to)
    expect(states).toEqual(['registering', 'deploying', 'shifting', 'retiring', 'live'])
  })

  it('replaces the champion and removes it last', async () => {
    const scene = createReleaseScene()
    scene.withChampion()
    const { id } = await scene.queue()
    await scene.drain()
    const release = await scene.store.get('release', id)
    expect(release?.state).toBe('live')
    expect(release?.previous).toEqual({ deployedModel: 'old', split: { old: 100 } })
    expect(scene.endpoint()?.deployed.map((d) => d.id)).toEqual([release?.deployedModel])
    const { calls } = scene.fake.state
    expect(calls.indexOf('split')).toBeGreaterThan(calls.indexOf('deploy'))
    expect(calls.indexOf('undeploy')).toBeGreaterThan(calls.indexOf('split'))
  })

  it.each([
    ['register', 'rolledBack'],
    ['deploy', 'rolledBack'],
    ['split', 'rolledBack'],
    ['undeploy', 'live'],
    ['alias', 'live'],
  ])('with %s refused ends as %s, and somebody serves', async (method, state) => {
    const scene = createReleaseScene({ inject: (called) => (called === method ? 'refused' : 'fine') })
    scene.withChampion()
    const { id } = await scene.queue()
    // A refused split also refuses nothing else: the candidate without traffic can still be removed.
    await scene.drain()
    const release = await scene.store.get('release', id)
    expect(release?.state).toBe(state)
    expect(release?.reason).toContain('injected')
    const [serving] = Object.keys(scene.endpoint()?.split ?? {})
    expect(serving).toBe(state === 'live' ? release?.deployedModel : 'old')
    if (state === 'rolledBack') expect(scene.endpoint()?.deployed).toEqual([champion])
  })

  it('tells the words of an operation that failed', async () => {
    const scene = createReleaseScene({ inject: (called) => (called === 'deploy' ? 'operationFails' : 'fine') })
    scene.withChampion()
    const { id } = await scene.queue()
    await scene.drain()
    const release = await scene.store.get('release', id)
    expect(release?.state).toBe('rolledBack')
    expect(release?.reason).toBe('deploying the model failed: injected failure of the operation')
  })

  it('brings the champion back when somebody removes the candidate after the shift', async () => {
    const scene = createReleaseScene()
    scene.withChampion()
    const { id } = await scene.queue()
    let removed = false
    await scene.drain(() => {
      const endpoint = scene.endpoint()
      if (removed || endpoint === undefined || 'old' in endpoint.split) return
      removed = true
      endpoint.deployed = [champion]
      endpoint.split = {}
    })
    expect((await scene.store.get('release', id))?.state).toBe('rolledBack')
    expect(scene.endpoint()?.split).toEqual({ old: 100 })
  })

  it('moves the traffic again where somebody moved it back, before the old model goes', async () => {
    const scene = createReleaseScene()
    scene.withChampion()
    const { id } = await scene.queue()
    let looks = 0
    await scene.drain(() => {
      const endpoint = scene.endpoint()
      if (endpoint === undefined || 'old' in endpoint.split) return
      // At the second look the release has seen its traffic moved, and is about to remove the old model.
      looks += 1
      if (looks === 2) endpoint.split = { old: 100 }
    })
    const release = await scene.store.get('release', id)
    expect(release).toMatchObject({ state: 'live', reason: 'all traffic goes to the candidate' })
    expect(scene.endpoint()?.split).toEqual({ [release?.deployedModel as string]: 100 })
    expect(scene.endpoint()?.deployed.map((d) => d.id)).toEqual([release?.deployedModel])
  })

  it('lets the newest of those that wait go, and says so of the others', async () => {
    const scene = createReleaseScene()
    const first = await scene.queue()
    const second = await scene.queue()
    await scene.drain()
    expect((await scene.store.get('release', first.id))?.state).toBe('superseded')
    expect((await scene.store.get('release', first.id))?.reason).toBe(`release ${second.id} is newer`)
    expect((await scene.store.get('release', second.id))?.state).toBe('live')
  })

  it('does not replace what a newer run made, though it was queued later', async () => {
    const scene = createReleaseScene()
    const runs = [await scene.run(), await scene.run()]
    const newer = await scene.queue({ run: runs[1] as number })
    await scene.drain()
    const older = await scene.queue({ run: runs[0] as number })
    await scene.drain()
    expect((await scene.store.get('release', older.id))?.state).toBe('superseded')
    expect((await scene.store.get('release', older.id))?.reason).toBe(`release ${newer.id} is newer`)
    expect((await scene.store.get('release', newer.id))?.state).toBe('live')
  })

  it('does not replace what a newer run came to again, though an older release put it there', async () => {
    const scene = createReleaseScene()
    const [one, two, three] = [await scene.run(), await scene.run(), await scene.run()]
    const first = await scene.queue({ run: one })
    await scene.drain()
    // A revert: run 3 is the model of run 1 once more, which serves already.
    const live = await scene.store.get('release', first.id)
    await scene.store.transaction((tx) =>
      deliver(
        tx,
        { ...(live as Release), verdict: 1_000, run: three },
        {
          declared: [{ name: 'dev', target: 'local', endpoint: 'beans', after: null, protected: false }],
          after: null,
        },
        0,
      ),
    )
    const slow = await scene.queue({ run: two })
    await scene.drain()
    expect((await scene.store.get('release', slow.id))?.state).toBe('superseded')
    expect((await scene.store.get('release', first.id))?.state).toBe('live')
  })

  it('waits for the release under way, then replaces it', async () => {
    const scene = createReleaseScene()
    const first = await scene.queue()
    let second: number | undefined
    await scene.drain(() => {
      if (second !== undefined || scene.endpoint() === undefined) return
      second = -1
      void scene.queue().then((release) => {
        second = release.id
      })
    })
    await scene.drain()
    expect((await scene.store.get('release', first.id))?.state).toBe('retired')
    expect((await scene.store.get('release', second as number))?.state).toBe('live')
  })

  it('opens the next environment once it is live, and holds a protected one', async () => {
    const environments = [
      '  dev: {target: local, endpoint: beans}',
      '  rehearsal: {target: local, after: dev}',
      '  staging: {target: local, endpoint: beans-staging, after: rehearsal}',
      '  prod: {target: local, endpoint: beans-prod, after: staging, protected: true}',
    ].join('\n')
    const scene = createReleaseScene({ environments })
    await scene.queue()
    await scene.drain()
    const releases = await scene.store.list('release')
    expect(releases.map((r) => [r.environment, r.state])).toEqual([
      ['prod', 'held'],
      ['staging', 'live'],
      ['dev', 'live'],
    ])
    expect(releases[0]?.reason).toBe('prod: it waits for one approval')
    expect(scene.fake.state.endpoints.has('endpoints/beans-prod')).toBe(false)
  })

  it('ends with a reason where the config lacks its target', async () => {
    const scene = createReleaseScene()
    const { id } = await scene.queue({ target: 'elsewhere' })
    await scene.drain()
    const release = await scene.store.get('release', id)
    expect([release?.state, release?.reason]).toEqual(['rolledBack', 'the config names no target elsewhere'])
  })
})

describe('whatever goes wrong', () => {
  const fates = fc.array(
    fc.constantFrom('fine', 'fine', 'fine', 'unavailable', 'lostAnswer', 'refused', 'operationFails'),
    { minLength: 1, maxLength: 60 },
  )

  it('the champion serves, or the candidate does; never nothing, never two splits', async () => {
    await fc.assert(
      fc.asyncProperty(fates, async (script) => {
        let turn = 0
        const scene = createReleaseScene({ inject: () => script[turn++] ?? 'fine' })
        scene.withChampion()
        const { id } = await scene.queue()
        await scene.drain(() => {
          const shares = Object.values(scene.endpoint()?.split ?? {})
          expect(shares.reduce((sum, share) => sum + share, 0)).toBe(100)
        })
        const release = await scene.store.get('release', id)
        expect(releaseEnded).toContain(release?.state)
        const split = scene.endpoint()?.split
        if (release?.state === 'live') expect(split).toEqual({ [release.deployedModel as string]: 100 })
        else if (release?.state === 'rolledBack') expect(split).toEqual({ old: 100 })
        else expect(Object.values(split ?? {})).toEqual([100])
        expect(new Set(scene.endpoint()?.deployed.map((d) => d.displayName)).size).toBe(
          scene.endpoint()?.deployed.length,
        )
      }),
      { numRuns: 300 },
    )
  })
})
