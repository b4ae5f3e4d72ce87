import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type DataHost, dataHosts } from './data-senders.ts'
import { commitA, commitB } from './fixtures/github-payloads.ts'
import { createGoogleSigner, type GoogleSigner } from './google-signer.ts'
import { type Host, hosts } from './hosts.ts'
import { createRecordingServer, now, type RecordingServer } from './recording-server.ts'
import { type Signed, senderCases } from './sender-cases.ts'

const cap = 64 * 1024
let google: GoogleSigner
beforeAll(async () => {
  google = await createGoogleSigner()
})
afterAll(() => google.close())

interface How {
  readonly labels?: Readonly<Record<string, string>>
  readonly as?: Signed
  readonly headers?: Readonly<Record<string, string>>
  readonly delivery?: string
}

describe.each(senderCases)('%s', (_name, sender) => {
  let server: RecordingServer
  beforeEach(async () => {
    server = await sender.start(google, cap)
  })
  afterEach(() => server.app.close())
  const { good } = sender

  const send = async (body: unknown, { labels = good.labels, as = 'itself', headers, delivery = 'one' }: How = {}) => {
    const payload = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    return server.app.inject({
      method: 'POST',
      url: `/webhooks/${sender.path}`,
      payload,
      headers: {
        'content-type': 'application/json',
        'x-request-id': delivery,
        ...labels,
        ...(headers ?? (await sender.sign(google, payload, now, as))),
      },
    })
  }
  /** A 4xx with a sentence and no stack, nothing recorded, and one more of this reason counted. */
  const expectRefused = (
    response: { readonly statusCode: number; readonly body: string },
    status: number,
    reason: string,
  ): void => {
    expect(response.statusCode).toBe(status)
    expect(response.body).not.toMatch(/\bat .*\.ts|node_modules|ZodError|JOSE|JWS|JWT/)
    expect(JSON.parse(response.body).error.message).not.toBe('')
    expect(server.changes).toEqual([])
    expect(server.refusals.report().counts).toEqual([{ sender: sender.path, reason, count: 1 }])
  }

  it('what it says is recorded once, however often it is sent', async () => {
    const first = await send(good.body)
    expect(first.statusCode).toBe(202)
    const recorded = [...server.changes]
    expect(recorded.length).toBeGreaterThan(0)
    expect(recorded.map((change) => change.sender)).toEqual(recorded.map(() => sender.path))
    expect((await send(good.body, { delivery: 'two', as: 'before' })).statusCode).toBe(202)
    expect(server.changes).toEqual(recorded)
  })

  it('forged, with another secret', async () => {
    expectRefused(await send(good.body, { as: 'nobody' }), 401, 'forged')
  })

  it.each([
    ['no signature', {}],
    ['empty signatures', { 'x-hub-signature': '', 'x-gitlab-token': '', 'webhook-signature': '', authorization: '' }],
    ['a bearer token of nothing', { authorization: 'Bearer ' }],
  ])('forged, with %s', async (_what, headers) => {
    expectRefused(await send(good.body, { headers }), 401, 'forged')
  })

  it('every header of its signature twice', async () => {
    const body = Buffer.from(JSON.stringify(good.body))
    const signature = Object.entries(await sender.sign(google, body, now, 'itself'))
    const twice = [...signature, ...signature].map(([name, value]) => `${name}: ${value}`)
    expect(await sendRaw(twice, body, body.length)).toMatch(/^HTTP\/1\.1 401 /)
    expect(server.changes).toEqual([])
  })

  it('another one’s secret, which does not speak for this', async () => {
    const { status, reason } = sender.elsewhere
    expectRefused(await send(good.body, { as: 'other' }), status, reason)
  })

  it('well signed, of what it may not speak for', async () => {
    const { body, labels, status, reason } = sender.elsewhere
    expectRefused(await send(body, { labels }), status, reason)
  })

  it('huge', async () => {
    expectRefused(
      await send(Buffer.concat([Buffer.from(JSON.stringify(good.body)), Buffer.alloc(cap, ' ')])),
      413,
      'tooLarge',
    )
  })

  it('nested deeply', async () => {
    expectRefused(await send(`{"more":${'['.repeat(9_000)}${']'.repeat(9_000)}}`), 400, 'tooDeep')
  })

  it('half a body, well signed', async () => {
    const whole = JSON.stringify(good.body)
    expectRefused(await send(whole.slice(0, whole.length / 2)), 400, 'noJson')
  })

  it('half sent: the connection ends before the body does', async () => {
    const body = Buffer.from(JSON.stringify(good.body))
    const signature = Object.entries(await sender.sign(google, body, now, 'itself'))
    await sendRaw(
      signature.map(([name, value]) => `${name}: ${value}`),
      body.subarray(0, 40),
      body.length,
    )
    expect(server.changes).toEqual([])
    expect((await send(good.body)).statusCode).toBe(202)
  })

  it.each([
    ['a list', [1]],
    ['null', null],
    ['a text', 'push'],
    ['a number', 1e308],
    ['nothing', {}],
  ])('wrongly typed: %s', async (_what, body) => {
    expectRefused(await send(JSON.stringify(body)), 422, 'wrongShape')
  })

  it('mislabelled: one part of it says another thing than the rest', async () => {
    const { body, labels } = sender.mislabelled
    expectRefused(await send(body, { labels }), 422, 'wrongShape')
  })

  it('not stored, which is no refusal of the sender: it may send again', async () => {
    server.failures.push(new Error('connection lost'))
    const response = await send(good.body)
    expect(response.statusCode).toBe(503)
    expect(response.headers['retry-after']).toBe('5')
    expect(response.body).not.toContain('connection lost')
    expect((await send(good.body)).statusCode).toBe(202)
    expect(server.changes.length).toBeGreaterThan(0)
  })

  it('writes nothing of its signature into the log or an answer', async () => {
    const body = Buffer.from(JSON.stringify(good.body))
    const hidden = Object.entries(await sender.sign(google, body, now, 'itself'))
      .filter(([name]) => !['webhook-id', 'webhook-timestamp'].includes(name))
      .map(([, value]) => value.replace(/^Bearer /, ''))
    const answers = [await send(body), await send(body, { as: 'nobody' }), await send(body, { as: 'other' })]
    const text = JSON.stringify(server.logged) + answers.map((answer) => answer.body).join()
    for (const secret of hidden) expect(text).not.toContain(secret)
  })

  it('answers whatever is well signed with 2xx or 4xx', async () => {
    const said = [good, ...sender.more]
    const shapes = said.map(({ body }) => body).filter((body) => typeof body === 'object' && body !== null)
    const body = fc.oneof(
      fc.jsonValue(),
      fc
        .tuple(fc.constantFrom(...shapes), fc.constantFrom(...shapes.flatMap(Object.keys)), fc.jsonValue())
        .map(([shape, key, value]) => ({ ...shape, [key]: value })),
    )
    const labels = fc.constantFrom(...said.map((one) => one.labels), sender.mislabelled.labels)
    await fc.assert(
      fc.asyncProperty(labels, body, async (with_, value) => {
        const { statusCode } = await send(JSON.stringify(value), { labels: with_ })
        expect([200, 202, 400, 403, 404, 422]).toContain(statusCode)
      }),
      { numRuns: 50 },
    )
  })

  /** Whatever HTTP it is, of which only so much arrives; the answer, where there is one. */
  const sendRaw = async (signature: readonly string[], body: Buffer, length: number): Promise<string> => {
    const url = new URL(await server.app.listen({ host: '127.0.0.1', port: 0 }))
    const socket = connect(Number(url.port), '127.0.0.1')
    const labels = Object.entries({ 'content-type': 'application/json', ...good.labels })
    const lines = [
      `POST /webhooks/${sender.path} HTTP/1.1`,
      ...['host: x', 'connection: close', `content-length: ${length}`],
      ...labels.map(([name, value]) => `${name}: ${value}`),
      ...signature,
    ]
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    socket.write(body)
    if (body.length < length) socket.end()
    await new Promise((resolve) => socket.on('close', resolve).on('error', () => {}))
    return answer
  }
})

describe.each(Object.entries(hosts))('%s', (_name, host: Host) => {
  const tell = async (body: object, labels: Readonly<Record<string, string>>) => {
    const { kind, fullName, secret } = host
    const server = await createRecordingServer([{ name: 'beans', host: kind, fullName, secrets: [secret] }])
    const payload = Buffer.from(JSON.stringify(body))
    const headers = { ...labels, ...host.sign(secret, payload, now) }
    const response = await server.app.inject({ method: 'POST', url: `/webhooks/${kind}`, payload, headers })
    expect(response.statusCode).toBe(202)
    return server.changes
  }

  it('tells of a push', async () => {
    const changes = await tell(host.push, host.labels)
    expect(changes).toMatchObject([
      {
        repository: 'beans',
        ref: 'refs/heads/main',
        cause: { kind: 'push', ref: 'refs/heads/main', before: commitA, commit: commitB, deleted: false },
      },
    ])
    expect(changes[0]?.author).toMatch(/^(octocat|grower)$/)
  })

  it('tells of a pull request from a fork as one', async () => {
    expect(await tell(host.fork.body, host.fork.labels)).toMatchObject([
      { cause: { kind: 'pullRequest', number: 7, action: 'opened', ref: 'refs/heads/deeper', fork: true } },
    ])
  })

  it('nested in text only is not nested', async () => {
    expect(await tell({ ...host.push, title: `\\"${'[{'.repeat(500)}` }, host.labels)).toHaveLength(1)
  })
})

describe.each(Object.entries(dataHosts))('%s', (_name, host: DataHost) => {
  const tell = async (body: object, labels: Readonly<Record<string, string>>) => {
    const server = await createRecordingServer([], { keysUrl: google.url, sources: [host.source, host.other] })
    const payload = Buffer.from(JSON.stringify(body))
    const headers = {
      'content-type': 'application/json',
      ...labels,
      ...(await host.sign(google, payload, now, 'itself')),
    }
    const response = await server.app.inject({ method: 'POST', url: `/webhooks/${host.path}`, payload, headers })
    return { ...server, response }
  }

  it('tells of an object that was written, each repository of its source once', async () => {
    const { changes, response } = await tell(host.written, host.labels)
    expect(response.statusCode).toBe(202)
    const { uri, generation } = host.object
    expect(response.json()).toEqual({
      changes: ['beans', 'peas'].map((repository, i) => ({ change: i + 1, duplicate: false, repository, uri })),
    })
    expect(changes).toMatchObject(
      ['beans', 'peas'].map((repository) => ({
        repository,
        sender: host.path,
        dedupeKey: `data:${repository}:${uri}#${generation}:written`,
      })),
    )
    for (const { cause } of changes) expect(cause).toEqual({ kind: 'data', pipeline: null, ...host.object })
  })

  it('tells of one that is gone', async () => {
    const { changes } = await tell(host.deleted, host.deletedLabels)
    expect(changes).toHaveLength(2)
    for (const { cause } of changes)
      expect(cause).toMatchObject({ kind: 'data', pipeline: null, event: 'deleted', uri: host.object.uri })
  })

  it('is told that what says nothing is ignored', async () => {
    const { changes, response, refusals } = await tell(host.silent.body, host.silent.labels)
    expect(response.statusCode).toBe(202)
    expect(response.json().ignored).not.toBe('')
    expect(changes).toEqual([])
    expect(refusals.report().counts).toEqual([])
  })

  it('is not believed where the config names no source that it speaks for', async () => {
    const server = await createRecordingServer([], { keysUrl: google.url, sources: [] })
    const payload = Buffer.from(JSON.stringify(host.written))
    const headers = { ...host.labels, ...(await host.sign(google, payload, now, 'itself')) }
    const response = await server.app.inject({ method: 'POST', url: `/webhooks/${host.path}`, payload, headers })
    expect(response.statusCode).toBe(404)
    expect(server.refusals.report().counts).toEqual([{ sender: host.path, reason: 'notConfigured', count: 1 }])
  })
})

const oldSecret = `whsec_${Buffer.from('another good secret of 32 bytes!').toString('base64')}`

describe('GitLab’s signing token', () => {
  const host = hosts['GitLab with a signing token'] as Host
  const body = Buffer.from(JSON.stringify(host.push))
  const post = async (headers: Readonly<Record<string, string>>, secrets: readonly string[] = [host.secret]) => {
    const server = await createRecordingServer([{ name: 'beans', host: 'gitlab', fullName: host.fullName, secrets }])
    const { statusCode } = await server.app.inject({
      method: 'POST',
      url: '/webhooks/gitlab',
      payload: body,
      headers: { ...host.labels, ...headers },
    })
    return { statusCode, counts: server.refusals.report().counts.map(({ reason }) => reason) }
  }

  it.each([
    ['five minutes old', -300_000, 202, []],
    ['a second older', -301_000, 401, ['stale']],
    ['five minutes ahead', 300_000, 202, []],
    ['a second further', 301_000, 401, ['stale']],
  ])('%s', async (_name, offset, statusCode, counts) => {
    expect(await post(host.sign(host.secret, body, now + offset))).toEqual({ statusCode, counts })
  })

  it('is not passed over by sending it as a secret token', async () => {
    expect((await post({ 'x-gitlab-token': host.secret })).statusCode).toBe(401)
  })

  it('counts where a signature is there, even beside the right secret token', async () => {
    const wrong = { ...host.sign(oldSecret, body, now), 'x-gitlab-token': 'a plain secret token' }
    expect((await post(wrong, [host.secret, 'a plain secret token'])).statusCode).toBe(401)
  })

  it('covers the id and the time', async () => {
    const headers = host.sign(host.secret, body, now)
    for (const over of [{ 'webhook-id': 'another' }, { 'webhook-timestamp': String(now / 1_000 + 1) }])
      expect((await post({ ...headers, ...over })).statusCode).toBe(401)
  })

  it('may come with one signature for each of two secrets', async () => {
    const [mine, other] = [host.secret, oldSecret].map((secret) => host.sign(secret, body, now)['webhook-signature'])
    const headers = { ...host.sign(host.secret, body, now), 'webhook-signature': `${other} ${mine}` }
    expect((await post(headers)).statusCode).toBe(202)
  })

  it.each(['whsec_', 'whsec_!!!!', 'whsec_c2hvcnQ='])('%s is refused at the start', async (secret) => {
    await expect(post({}, [secret])).rejects.toMatchObject({ code: 'config_invalid' })
  })
})
