import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { digestBytes } from '../../src/domain/digest.ts'
import {
  commitA,
  commitB,
  forkPayload,
  pingPayload,
  pullRequestPayload,
  pushPayload,
  zeros,
} from './fixtures/github-payloads.ts'
import { createRecordingServer, type RecordingServer, sign } from './recording-server.ts'

const secret = 'the first secret of acme beans'
const nextSecret = 'the second secret, being rotated in'
const otherSecret = 'the secret of another repository'
const gitSecret = 'the secret of a plain git server'
const repositories = [
  { name: 'beans', host: 'github', fullName: 'acme/beans', secrets: [secret, nextSecret] },
  { name: 'peas', host: 'github', fullName: 'acme/peas', secrets: [otherSecret] },
  { name: 'lentils', host: 'git', secrets: [gitSecret] },
] as const

let server: RecordingServer
beforeEach(async () => {
  server = await createRecordingServer(repositories, { maxBodyBytes: 64 * 1024 })
})

interface Delivery {
  readonly event?: string
  readonly secret?: string
  readonly signature?: string | null
  readonly delivery?: string
  readonly type?: string
}
const github = (body: string | Buffer | object, how: Delivery = {}) => {
  const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  const signature = how.signature === undefined ? sign(how.secret ?? secret, payload) : how.signature
  return server.app.inject({
    method: 'POST',
    url: '/webhooks/github',
    payload,
    headers: {
      'content-type': how.type ?? 'application/json',
      'x-github-event': how.event ?? 'push',
      'x-github-delivery': how.delivery ?? randomUUID(),
      ...(signature === null ? {} : { 'x-hub-signature-256': signature }),
    },
  })
}
const git = (body: object, how: { secret?: string } = {}) => {
  const payload = JSON.stringify(body)
  return server.app.inject({
    method: 'POST',
    url: '/webhooks/git',
    payload,
    headers: { 'content-type': 'application/json', 'x-winnow-signature-256': sign(how.secret ?? gitSecret, payload) },
  })
}
const gitPush = (over: object = {}) => ({
  delivery: randomUUID(),
  repository: 'lentils',
  pusher: 'grower',
  sentAt: '2026-11-02T10:00:00.000Z',
  refs: [{ ref: 'refs/heads/main', before: commitA, after: commitB }],
  ...over,
})

describe('a GitHub delivery', () => {
  it('is recorded whole and answered 202', async () => {
    const body = JSON.stringify(pushPayload())
    const response = await github(body)
    expect(response.statusCode).toBe(202)
    expect(response.json()).toEqual({ change: 1, duplicate: false })
    expect(server.changes).toMatchObject([
      {
        repository: 'beans',
        author: 'octocat',
        state: 'recorded',
        bodyDigest: digestBytes(body),
        receivedAt: 1_700_000_000_000,
        cause: { kind: 'push', ref: 'refs/heads/main', before: commitA, commit: commitB, deleted: false },
      },
    ])
  })

  it('is recorded once, under the same delivery id or another one', async () => {
    const body = JSON.stringify(pushPayload())
    await github(body, { delivery: 'one' })
    expect((await github(body, { delivery: 'one' })).json()).toEqual({ change: 1, duplicate: true })
    expect((await github(body, { delivery: 'two', secret: nextSecret })).json()).toEqual({ change: 1, duplicate: true })
    expect(server.changes).toHaveLength(1)
  })

  it.each([
    ['the first secret', secret, 202],
    ['the second secret', nextSecret, 202],
    ['a secret that is neither', 'guess', 401],
    ['the git server’s secret', gitSecret, 401],
  ])('signed with %s', async (_name, used, status) => {
    expect((await github(pushPayload(), { secret: used })).statusCode).toBe(status)
    expect(server.changes).toHaveLength(status === 202 ? 1 : 0)
  })

  it.each([
    ['no signature', null],
    ['an empty one', ''],
    ['SHA-1', 'sha1=0123456789012345678901234567890123456789'],
    ['too short', 'sha256=ab'],
    ['not hex', `sha256=${'z'.repeat(64)}`],
    ['all zeros', `sha256=${'0'.repeat(64)}`],
  ])('with %s gets 401 and leaves nothing', async (_name, signature) => {
    const response = await github(pushPayload(), { signature })
    expect(response.statusCode).toBe(401)
    expect(server.changes).toEqual([])
  })

  it('with one byte changed gets 401, at any place', async () => {
    const body = Buffer.from(JSON.stringify(pushPayload()))
    const signature = sign(secret, body)
    await fc.assert(
      fc.asyncProperty(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const tampered = Buffer.from(body)
        tampered[at] = (tampered[at] as number) ^ bits
        expect((await github(tampered, { signature })).statusCode).toBe(401)
      }),
      { numRuns: 200 },
    )
    expect(server.changes).toEqual([])
  })

  it('whose bytes are no UTF-8 does not pass for the text that they decode to', async () => {
    const text = JSON.stringify(pushPayload({ note: '\ufffd' }))
    const broken = Buffer.from(text)
    const at = broken.indexOf(Buffer.from('\ufffd'))
    const bytes = Buffer.concat([broken.subarray(0, at), Buffer.from([0xff]), broken.subarray(at + 3)])
    expect(bytes.toString('utf8')).toBe(text)
    expect((await github(bytes, { signature: sign(secret, text) })).statusCode).toBe(401)
  })

  it('tells a caller without a secret nothing of which repositories there are', async () => {
    const answers = await Promise.all(
      ['Acme/beans', 'nobody/nothing'].map(async (full_name) => {
        const { statusCode, body } = await github(pushPayload({ repository: { full_name } }), { secret: 'guess' })
        return { statusCode, body }
      }),
    )
    expect(answers[0]).toEqual(answers[1])
  })

  it('of a repository that the config does not name gets 404 and a log line', async () => {
    const response = await github(pushPayload({ repository: { full_name: 'acme/rice' } }))
    expect(response.statusCode).toBe(404)
    expect(response.json().error).toMatchObject({ code: 'not_found', message: expect.stringContaining('acme/rice') })
    expect(server.changes).toEqual([])
    expect(server.logged).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        repository: 'acme/rice',
        msg: expect.stringContaining('does not name'),
      }),
    )
  })

  it('cannot speak for a repository with another one’s secret', async () => {
    expect((await github(pushPayload(), { secret: otherSecret })).statusCode).toBe(404)
    expect(server.changes).toEqual([])
  })

  it.each([
    ['at the cap', 64 * 1024, 202],
    ['one byte over', 64 * 1024 + 1, 413],
  ])('%s', async (_name, size, status) => {
    const bare = JSON.stringify(pushPayload({ padding: '' })).length
    const response = await github(pushPayload({ padding: 'x'.repeat(size - bare) }))
    expect(response.statusCode).toBe(status)
    expect(server.changes).toHaveLength(status === 202 ? 1 : 0)
  })

  it.each([
    ['no JSON', '{"ref": ', 400],
    ['a form', 'payload=%7B%7D', 400],
    ['a list', '[]', 422],
    ['null', 'null', 422],
    ['an option for a ref', JSON.stringify(pushPayload({ ref: '--upload-pack=touch' })), 422],
    ['a ref with ..', JSON.stringify(pushPayload({ ref: 'refs/heads/../../x' })), 422],
    ['a short commit', JSON.stringify(pushPayload({ after: 'abc123' })), 422],
    ['an option for a commit', JSON.stringify(pushPayload({ after: '--output=/etc/x' })), 422],
    ['a deletion that has a commit', JSON.stringify(pushPayload({ deleted: true })), 422],
  ])('that is %s', async (_name, body, status) => {
    const response = await github(body, {
      type: body.startsWith('payload') ? 'application/x-www-form-urlencoded' : 'application/json',
    })
    expect(response.statusCode).toBe(status)
    expect(response.json().error.message).not.toBe('')
    expect(server.changes).toEqual([])
  })

  it('without an event, or without a body, is refused', async () => {
    const payload = JSON.stringify(pushPayload())
    const post = (headers: Record<string, string>, body?: string) =>
      server.app.inject({
        method: 'POST',
        url: '/webhooks/github',
        headers,
        ...(body === undefined ? {} : { payload: body }),
      })
    expect((await post({ 'x-hub-signature-256': sign(secret, payload) }, payload)).statusCode).toBe(422)
    expect((await post({ 'x-hub-signature-256': sign(secret, '') })).statusCode).toBe(401)
    expect(
      (await post({ 'content-type': 'application/json', 'x-hub-signature-256': sign(secret, '') }, '')).statusCode,
    ).toBe(401)
  })

  it('is not acknowledged before it is stored', async () => {
    server.failures.push(new Error('connection lost'))
    const body = JSON.stringify(pushPayload())
    expect((await github(body)).statusCode).toBe(503)
    expect((await github(body)).json()).toEqual({ change: 1, duplicate: false })
  })

  it('writes no secret and no signature into the log', async () => {
    const body = JSON.stringify(pushPayload())
    await github(body)
    await github(body, { secret: 'guess' })
    const text = JSON.stringify(server.logged)
    for (const hidden of [secret, nextSecret, sign(secret, body)]) expect(text).not.toContain(hidden)
  })
})

describe('GitHub’s events', () => {
  it.each([
    [
      'created branch',
      { before: zeros, created: true, commits: [] },
      { before: zeros, commit: commitB, deleted: false },
    ],
    ['deleted branch', { after: zeros, deleted: true, head_commit: null }, { commit: zeros, deleted: true }],
    ['force push', { forced: true }, { before: commitA, commit: commitB }],
    [
      'annotated tag',
      { ref: 'refs/tags/v1', after: 'c'.repeat(40), before: zeros },
      { ref: 'refs/tags/v1', commit: commitB },
    ],
    [
      'SHA-256 repository',
      { before: 'd'.repeat(64), after: 'e'.repeat(64), head_commit: { id: 'e'.repeat(64) } },
      { commit: 'e'.repeat(64) },
    ],
    ['branch with an odd name', { ref: 'refs/heads/-x/é' }, { ref: 'refs/heads/-x/é' }],
  ])('push: %s', async (_name, over, cause) => {
    expect((await github(pushPayload(over))).statusCode).toBe(202)
    expect(server.changes[0]?.cause).toMatchObject({ kind: 'push', ...cause })
  })

  it.each([
    ['own branch', pullRequestPayload(), false],
    ['fork', forkPayload('somebody/beans'), true],
    ['fork that is gone', forkPayload(null), true],
    ['own branch in other letters', forkPayload('aCME/Beans'), false],
  ])('pull request from %s', async (_name, body, fork) => {
    expect((await github(body, { event: 'pull_request' })).statusCode).toBe(202)
    expect(server.changes[0]).toMatchObject({
      author: 'octocat',
      cause: {
        kind: 'pullRequest',
        number: 7,
        action: 'opened',
        ref: 'refs/heads/deeper',
        baseRef: 'refs/heads/main',
        commit: commitB,
        fork,
      },
    })
  })

  it.each([
    ['synchronize', {}, true],
    ['reopened', {}, true],
    ['ready_for_review', {}, true],
    ['edited', { changes: { base: { ref: { from: 'dev' } } } }, true],
    ['edited', { changes: { title: { from: 'x' } } }, false],
    ['labeled', {}, false],
    ['closed', {}, false],
  ])('pull request %s', async (action, over, recorded) => {
    const response = await github(pullRequestPayload({ action, ...over }), { event: 'pull_request' })
    expect(response.statusCode).toBe(202)
    expect(server.changes).toHaveLength(recorded ? 1 : 0)
    if (!recorded) expect(response.json().ignored).toContain(action)
  })

  it('ping gets a pong, of an organisation too; of an unknown repository it tells the owner', async () => {
    const ping = (body: object) => github(body, { event: 'ping' })
    expect(await ping(pingPayload())).toMatchObject({ statusCode: 200, body: '{"pong":true}' })
    expect((await ping({ zen: 'x', hook_id: 1 })).statusCode).toBe(200)
    expect((await ping(pingPayload({ repository: { full_name: 'acme/rice' } }))).statusCode).toBe(404)
  })

  it('others are ignored, and it says so', async () => {
    const response = await github({ action: 'opened', repository: { full_name: 'acme/beans' } }, { event: 'issues' })
    expect(response.statusCode).toBe(202)
    expect(response.json()).toEqual({ ignored: expect.stringContaining('push, pull_request and release only') })
    expect(server.changes).toEqual([])
  })

  it('answers any signed body with 2xx or 4xx', async () => {
    const shapes = [pushPayload(), pullRequestPayload(), pingPayload()]
    const body = fc.oneof(
      fc.jsonValue(),
      fc
        .tuple(fc.constantFrom(...shapes), fc.constantFrom(...shapes.flatMap(Object.keys)), fc.jsonValue())
        .map(([shape, key, value]) => ({ ...shape, [key]: value })),
    )
    const event = fc.constantFrom('push', 'pull_request', 'ping', 'issues', '__proto__')
    await fc.assert(
      fc.asyncProperty(event, body, async (name, value) => {
        const { statusCode } = await github(JSON.stringify(value), { event: name })
        expect([200, 202, 404, 422]).toContain(statusCode)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a push to a plain git server', () => {
  it('makes a change for each ref, and none twice', async () => {
    const body = gitPush({
      refs: [
        { ref: 'refs/heads/main', before: commitA, after: commitB },
        { ref: 'refs/heads/old', before: commitA, after: zeros },
        { ref: 'refs/tags/v1', before: zeros, after: commitB },
      ],
    })
    const first = (await git(body)).json()
    expect(first.changes).toEqual([
      { ref: 'refs/heads/main', change: 1, duplicate: false },
      { ref: 'refs/heads/old', change: 2, duplicate: false },
      { ref: 'refs/tags/v1', change: 3, duplicate: false },
    ])
    expect(server.changes.map(({ cause }) => 'deleted' in cause && cause.deleted)).toEqual([false, true, false])
    expect(server.changes[0]).toMatchObject({ repository: 'lentils', author: 'grower' })
    // The hook's retry is another body when it says more, but the delivery stays the same.
    const again = (await git({ ...body, pusher: 'grower@host' })).json()
    expect(again.changes.map(({ duplicate }: { duplicate: boolean }) => duplicate)).toEqual([true, true, true])
    expect(server.changes).toHaveLength(3)
  })

  it('with one ref is answered with its change; the same commits pushed again later are another change', async () => {
    expect((await git(gitPush())).json()).toEqual({ change: 1, duplicate: false })
    expect((await git(gitPush())).json()).toEqual({ change: 2, duplicate: false })
  })

  it('is taken however old it is: the hook keeps what Winnow missed', async () => {
    expect((await git(gitPush({ sentAt: '2019-01-01T00:00:00.000Z' }))).statusCode).toBe(202)
  })

  it.each([
    ['GitHub’s secret', {}, secret, 401],
    ['another repository', { repository: 'beans' }, gitSecret, 404],
    ['no refs', { refs: [] }, gitSecret, 422],
    ['a ref like an option', { refs: [{ ref: '-x', before: commitA, after: commitB }] }, gitSecret, 422],
    ['a time that is none', { sentAt: 'yesterday' }, gitSecret, 422],
    ['no delivery id', { delivery: undefined }, gitSecret, 422],
  ])('with %s is refused', async (_name, over, used, status) => {
    expect((await git(gitPush(over), { secret: used })).statusCode).toBe(status)
    expect(server.changes).toEqual([])
  })

  it('answers any signed body with 2xx or 4xx', async () => {
    const key = fc.constantFrom('delivery', 'repository', 'pusher', 'sentAt', 'refs')
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.jsonValue(),
          fc.tuple(key, fc.jsonValue()).map(([k, v]) => gitPush({ [k]: v })),
        ),
        async (value) => {
          const { statusCode } = await git(value as object)
          expect([202, 404, 422]).toContain(statusCode)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('the config', () => {
  it.each([[[]], [['']], [['good enough secret', '  ']]])(
    'with secrets %j is refused at the start',
    async (secrets) => {
      await expect(createRecordingServer([{ name: 'beans', host: 'github', secrets }])).rejects.toMatchObject({
        code: 'config_invalid',
        message: expect.stringContaining('beans'),
      })
    },
  )
})
