import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from './config.ts'
import { Fault } from './domain/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'winnow-config-'))
const file = join(folder, 'winnow.config.yaml')
const load = (text: string, environment: Record<string, string> = {}, flags = {}) => {
  writeFileSync(file, text)
  return loadConfig(file, environment, flags)
}
const faultOf = async (text: string, environment: Record<string, string> = {}): Promise<Fault> => {
  try {
    await load(text, environment)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('the config was taken')
}

const good = `version: 1
repositories:
  beans:
    host: git
    url: file:///srv/beans.git
    secrets: [{env: WINNOW_SECRET_BEANS}]
    targets: [local]
    environments: [dev]
`
const secret = { WINNOW_SECRET_BEANS: 'hush' }

describe('loadConfig', () => {
  it('fills in defaults, listens on loopback, and keeps secrets apart', async () => {
    const { config, secrets } = await load(good, secret)
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 8_085 })
    expect(config.dataFolder).toBe(join(folder, '.winnow'))
    expect(secrets.webhooks).toEqual({ beans: ['hush'] })
    expect(JSON.stringify(config)).not.toContain('hush')
  })

  it('lets the environment and then the flags win', async () => {
    const { config } = await load(good, { ...secret, WINNOW_PORT: '9001', WINNOW_ROLE: 'web' }, { role: 'worker' })
    expect(config.listen.port).toBe(9_001)
    expect(config.role).toBe('worker')
  })

  it('reads sources of data, their secrets apart, and refuses what no source speaks for', async () => {
    const text = `${good}sources:
  beans-bucket:
    kind: s3
    addresses: ["s3://acme-beans/"]
    repositories: [beans]
    secrets: [{env: WINNOW_SECRET_EVENTS}]
    credentials: {accessKeyId: {env: WINNOW_SECRET_KEY}, secretAccessKey: {env: WINNOW_SECRET_KEY}}
`
    const signing = { WINNOW_SECRET_EVENTS: 'hush, of 16 or more characters' }
    const { config, secrets } = await load(text, { ...secret, ...signing, WINNOW_SECRET_KEY: 'quiet' })
    expect(secrets.sources).toEqual({
      'beans-bucket': {
        signing: ['hush, of 16 or more characters'],
        credentials: { accessKeyId: 'quiet', secretAccessKey: 'quiet' },
      },
    })
    expect(JSON.stringify(config)).not.toMatch(/hush|quiet/)
    const faults = await faultOf(text.replace('s3://acme-beans/', 'acme-beans').replace('[beans]', '[peas]'), secret)
    expect(faults.details.join('\n')).toMatch(/gs:\/\/bucket\//)
  })

  it('takes manifests of a target to a bucket, and to S3 only where a source has the credentials for it', async () => {
    const vertex = 'kind: vertex, project: acme, location: europe-west4, pipelineRoot: "gs://acme-pipelines"'
    const target = (manifests: string) => `${good}targets:
  local: {kind: local}
  eu: {${vertex}, manifests: "${manifests}"}
`
    expect((await load(target('gs://acme/lists/'), secret)).config.targets['eu']).toMatchObject({
      manifests: 'gs://acme/lists/',
    })
    expect((await faultOf(target('s3://acme/lists/'), secret)).details).toEqual([
      expect.stringContaining('targets.eu.manifests: no source of the config has s3://acme/lists/ in its addresses'),
    ])
    expect((await faultOf(target('https://acme/'), secret)).details[0]).toContain('gs://bucket/')
    const source = 'sources:\n  lake: {kind: s3, addresses: ["s3://acme/"], repositories: [beans], poll: 1m}\n'
    expect((await load(target('s3://acme/lists/') + source, secret)).config.targets['eu']).toBeDefined()
  })

  it.each([
    [
      'kind: gcs, addresses: ["gs://acme-beans/"]',
      'sources.harvest: nothing tells of this source: give it push, pull or poll',
    ],
    ['kind: bigquery, addresses: ["bq://acme.beans"]', 'give it push, pull or poll'],
    ['kind: s3, addresses: ["s3://acme-beans/"]', 'give it secrets, for what it sends, or poll'],
    [
      'kind: gcs, addresses: ["gs://acme-beans/"], pull: {subscription: beans}',
      'pull.subscription: expected projects/PROJECT/subscriptions/SUBSCRIPTION',
    ],
    [
      'kind: gcs, addresses: ["gs://acme-beans/"], pull: {subscription: projects/p/subscriptions/s, deadLetters: projects/p/topics/t}',
      'pull.deadLetters: expected projects/PROJECT/subscriptions/SUBSCRIPTION',
    ],
    [
      'kind: gcs, addresses: ["gs://acme-beans/"], pull: {subscription: projects/p/subscriptions/s, endpoint: "127.0.0.1:8085"}',
      'pull.endpoint',
    ],
    [
      'kind: s3, addresses: ["s3://acme-beans/"], pull: {subscription: projects/p/subscriptions/s}',
      'pull: Pub/Sub tells of no source',
    ],
    ['kind: events, addresses: ["gs://acme-beans/"]', 'give it secrets to sign with'],
    ['kind: events, addresses: ["gs://acme-beans/"], secrets: []', 'give it secrets to sign with'],
    [
      'kind: gcs, addresses: ["s3://acme-beans/"], poll: 5m',
      'addresses[0]: a source of kind gcs has addresses that begin with gs://',
    ],
    [
      'kind: gcs, addresses: ["gs://acme-beans/"], secrets: [{env: WINNOW_SECRET_LONG}]',
      'secrets: nothing of a source of kind gcs',
    ],
    ['kind: s3, addresses: ["s3://acme-beans/"], push: {audience: a, email: a@b.c}', 'push: Google signs nothing'],
    [
      'kind: s3, addresses: ["s3://acme-beans/"], secrets: [{env: WINNOW_SECRET_BEANS}]',
      'secrets[0]: expected a secret of at least 16',
    ],
    [
      'kind: events, addresses: ["s3://acme-beans/"], secrets: [{env: WINNOW_SECRET_TOKEN}]',
      'secrets[0]: the signing token is not whole',
    ],
  ])('refuses a source {%s}, at its place', async (source, expected) => {
    const text = `${good}sources:\n  harvest: {repositories: [beans], ${source}}\n`
    const environment = {
      ...secret,
      WINNOW_SECRET_LONG: 'long enough to be one',
      WINNOW_SECRET_TOKEN: 'whsec_c2hvcnQ=',
    }
    const [fault, ...others] = (await faultOf(text, environment)).details
    expect(others).toEqual([])
    expect(fault).toContain(expected)
    expect(fault).toMatch(/winnow\.config\.yaml:1\d:\d+: sources\.harvest/)
  })

  it.each([
    ['https://keys.example/certs', true],
    ['http://127.0.0.1:8080/certs', true],
    ['http://keys.example/certs', false],
    ['file:///etc/certs', false],
  ])('takes Google’s keys from %s: %s', async (url, taken) => {
    const text = `${good}google: {certsUrl: "${url}"}\n`
    if (taken) expect((await load(text, secret)).config.google.certsUrl).toBe(url)
    else expect((await faultOf(text, secret)).details.join()).toContain('google.certsUrl')
  })

  it('reads how often a repository is polled', async () => {
    const { config } = await load(good.replace('host: git', 'host: git\n    poll: 5m'), secret)
    expect(config.repositories['beans']?.poll).toBe(300_000)
  })

  it('tells all faults at once, each with its place or its variable', async () => {
    const { details, code } = await faultOf(good.replace('host: git', 'host: svn').replace('targets:', 'target:'), {
      WINNOW_PROT: '1',
    })
    expect(code).toBe('config_invalid')
    expect(details).toHaveLength(4)
    expect(details[0]).toContain('WINNOW_PROT: unknown variable, did you mean WINNOW_PORT?')
    expect(details.some((line) => line.startsWith(`${file}:4:11: repositories.beans.host`))).toBe(true)
    expect(details.some((line) => line.startsWith(`${file}:7:5:`) && line.includes('did you mean targets?'))).toBe(true)
  })

  it.each([
    ['a secret that is not there', good, {}, 'the variable WINNOW_SECRET_BEANS holds no secret'],
    ['a port that is none', good, { ...secret, WINNOW_PORT: '99999' }, 'WINNOW_PORT'],
    [
      'a target that is not declared',
      good.replace('[local]', '[local, vertex-eu]'),
      secret,
      'there is no target vertex-eu',
    ],
    ['a GitHub repository without a name', good.replace('host: git', 'host: github'), secret, 'fullName'],
    ['a poll that never rests', good.replace('host: git', 'host: git\n    poll: 5ms'), secret, 'from 10s to 1d'],
    ['no secrets at all', good.replace('[{env: WINNOW_SECRET_BEANS}]', '[]'), secret, 'secrets'],
  ])('refuses %s', async (_, text, environment, expected) => {
    expect((await faultOf(text, environment)).details.join('\n')).toContain(expected)
  })

  it('says what to do where there is no file', async () => {
    await expect(loadConfig(join(folder, 'none.yaml'), {})).rejects.toThrow(/cannot be read/)
  })

  it('knows people by their tokens, and keeps those apart', async () => {
    const people = 'people:\n  alice: {groups: [ml-leads], token: {env: WINNOW_SECRET_ALICE}, knownAs: [a@b.c]}\n'
    const { config, secrets } = await load(good + people, { ...secret, WINNOW_SECRET_ALICE: 'a-token-of-alice-0001' })
    expect(config.people['alice']).toMatchObject({ groups: ['ml-leads'], knownAs: ['a@b.c'] })
    expect(secrets.people).toEqual({ alice: 'a-token-of-alice-0001' })
    expect((await load(good, secret)).config.people).toEqual({})
  })

  it.each([
    ['alice: {token: {env: WINNOW_SECRET_A}}', 'people.alice.token: expected a token of at least 16 characters'],
    [
      'alice: {token: {env: WINNOW_SECRET_NONE}}',
      'people.alice.token: the variable WINNOW_SECRET_NONE holds no secret',
    ],
    [
      'alice: {token: {env: WINNOW_SECRET_BLANK}}',
      'people.alice.token: expected a token of ASCII letters, digits and signs, without blanks',
    ],
    ['operator: {token: {env: WINNOW_SECRET_B}}', 'people.operator: '],
    [
      'alice: {token: {env: WINNOW_SECRET_B}}\n  bob: {token: {env: WINNOW_SECRET_B}}',
      'people.bob.token: alice has the same token',
    ],
  ])('refuses people written as %j', async (people, message) => {
    const tokens = {
      WINNOW_SECRET_A: 'short',
      WINNOW_SECRET_B: 'a-token-that-is-long',
      WINNOW_SECRET_BLANK: 'a token that is long',
    }
    const fault = await faultOf(`${good}people:\n  ${people}\n`, { ...secret, ...tokens })
    expect(fault.details.join('\n')).toContain(message)
  })
})
