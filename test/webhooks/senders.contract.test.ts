import { connect } from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commitA, commitB } from './fixtures/github-payloads.ts'
import { type Host, hosts } from './hosts.ts'
import { createRecordingServer, now, type RecordingServer } from './recording-server.ts'

const cap = 64 * 1024
const oldSecret = `whsec_${Buffer.from('another good secret of 32 bytes!').toString('base64')}`

describe.each(Object.entries(hosts))('%s', (_name, host: Host) => {
  let server: RecordingServer
  beforeEach(async () => {
    server = await createRecordingServer(
      [
        { name: 'beans', host: host.kind, fullName: host.fullName, secrets: [host.secret, before] },
        { name: 'peas', host: host.kind, fullName: 'acme/peas', secrets: [otherSecret] },
      ],
      { maxBodyBytes: cap },
    )
  })
  afterEach(() => server.app.close())
  const before = host.secret.startsWith('whsec_') ? oldSecret : 'the secret that was there before'
  const otherSecret = `${host.secret.slice(0, 8)}x${host.secret.slice(9)}`

  interface How {
    readonly labels?: Readonly<Record<string, string>>
    readonly secret?: string
    readonly at?: number
    readonly delivery?: string
    readonly signed?: Buffer
    readonly headers?: Readonly<Record<string, string>>
  }
  const send = (body: unknown, how: How = {}) => {
    const payload = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    return server.app.inject({
      method: 'POST',
      url: `/webhooks/${host.kind}`,
      payload,
      headers: {
        'content-type': 'application/json',
        'x-request-id': how.delivery ?? 'one',
        ...(how.labels ?? host.labels),
        ...(how.headers ?? host.sign(how.secret ?? host.secret, how.signed ?? payload, how.at ?? now)),
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
    expect(response.body).not.toMatch(/\bat .*\.ts|node_modules|ZodError/)
    expect(JSON.parse(response.body).error.message).not.toBe('')
    expect(server.changes).toEqual([])
    expect(server.refusals.report().counts).toEqual([{ sender: host.kind, reason, count: 1 }])
  }

  it('tells of a push, once however often it is sent', async () => {
    expect((await send(host.push)).statusCode).toBe(202)
    const again = await send(host.push, { delivery: 'two', secret: before })
    expect(again.json()).toMatchObject({ change: 1, duplicate: true })
    expect(server.changes).toMatchObject([
      {
        repository: 'beans',
        sender: host.kind,
        ref: 'refs/heads/main',
        cause: { kind: 'push', ref: 'refs/heads/main', before: commitA, commit: commitB, deleted: false },
      },
    ])
    expect(server.changes[0]?.author).toMatch(/^(octocat|grower)$/)
  })

  it('tells of a pull request from a fork as one', async () => {
    expect((await send(host.fork.body, { labels: host.fork.labels })).statusCode).toBe(202)
    expect(server.changes).toMatchObject([
      { cause: { kind: 'pullRequest', number: 7, action: 'opened', ref: 'refs/heads/deeper', fork: true } },
    ])
  })

  it.each([
    ['another secret', { secret: `whsec_${Buffer.from('a guess that has thirty-two bytes').toString('base64')}` }],
    ['no signature', { headers: {} }],
    ['empty signatures', { headers: { 'x-hub-signature': '', 'x-gitlab-token': '', 'webhook-signature': '' } }],
  ])('forged, with %s', async (_what, how) => {
    expectRefused(await send(host.push, how), 401, 'forged')
  })

  it('another repository with a secret that is not its own', async () => {
    expectRefused(await send(host.push, { secret: otherSecret }), 404, 'unknownRepository')
  })

  it('well signed, of a repository that the config does not name', async () => {
    expectRefused(await send(host.elsewhere), 404, 'unknownRepository')
  })

  it('huge', async () => {
    expectRefused(await send({ ...host.push, padding: 'x'.repeat(cap) }), 413, 'tooLarge')
  })

  it('nested deeply', async () => {
    const deep = JSON.stringify({ ...host.push, more: 0 }).replace('"more":0', `"more":${'['.repeat(9_000)}`)
    expectRefused(await send(deep + ']'.repeat(9_000)), 400, 'tooDeep')
  })

  it('nested in text only', async () => {
    expect((await send({ ...host.push, title: `\\"${'[{'.repeat(500)}` })).statusCode).toBe(202)
  })

  it('half a body, well signed', async () => {
    const whole = JSON.stringify(host.push)
    expectRefused(await send(whole.slice(0, whole.length / 2)), 400, 'noJson')
  })

  it('half sent: the connection ends before the body does', async () => {
    const url = new URL(await server.app.listen({ host: '127.0.0.1', port: 0 }))
    const body = Buffer.from(JSON.stringify(host.push))
    const headers = { ...host.labels, ...host.sign(host.secret, body, now), 'content-length': String(body.length) }
    const socket = connect(Number(url.port), '127.0.0.1')
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(
      `POST /webhooks/${host.kind} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${lines.join('')}\r\n`,
    )
    socket.write(body.subarray(0, 40))
    socket.resume()
    socket.end()
    await new Promise((resolve) => socket.on('close', resolve).on('error', () => {}))
    expect(server.changes).toEqual([])
    expect((await send(host.push)).statusCode).toBe(202)
  })

  it.each([
    ['a list', []],
    ['null', null],
    ['a text', 'push'],
    ['nothing', {}],
  ])('wrongly typed: %s', async (_what, body) => {
    expectRefused(await send(JSON.stringify(body)), 422, 'wrongShape')
  })

  it('mislabelled: the header says another event than the body', async () => {
    expectRefused(await send(host.push, { labels: host.mislabelled }), 422, 'wrongShape')
  })

  it('not stored, which is no refusal of the sender: it may send again', async () => {
    server.failures.push(new Error('connection lost'))
    const response = await send(host.push)
    expect(response.statusCode).toBe(503)
    expect(response.body).not.toContain('connection lost')
    expect((await send(host.push)).json()).toMatchObject({ change: 1, duplicate: false })
  })

  it('answers whatever is well signed with 2xx or 4xx', async () => {
    const shapes = [host.push, host.fork.body]
    const body = fc.oneof(
      fc.jsonValue(),
      fc
        .tuple(fc.constantFrom(...shapes), fc.constantFrom(...shapes.flatMap(Object.keys)), fc.jsonValue())
        .map(([shape, key, value]) => ({ ...shape, [key]: value })),
    )
    const labels = fc.constantFrom(host.labels, host.fork.labels, host.mislabelled)
    await fc.assert(
      fc.asyncProperty(labels, body, async (with_, value) => {
        const { statusCode } = await send(JSON.stringify(value), { labels: with_ })
        expect([200, 202, 400, 404, 422]).toContain(statusCode)
      }),
      { numRuns: 100 },
    )
  })
})

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
