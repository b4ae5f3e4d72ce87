import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AwsClient } from 'aws4fetch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Server } from '../../scripts/servers.ts'
import { createManifests } from '../../src/adapters/manifests/manifests.ts'
import { createBucketFiles, type PutFile } from '../../src/adapters/sources/bucket-files.ts'
import { ConfigFile } from '../../src/config-schema.ts'
import { isManifestFile } from '../../src/domain/manifest-file.ts'
import { openManifests } from '../../src/targets.ts'
import { describeWithEmulators } from '../emulators/emulators.ts'
import { s3Credentials, startCloudStorage, startS3 } from '../emulators/programs.ts'
import { makeBucket } from './buckets.ts'
import { json, standIn } from './stand-in.ts'

const never = new AbortController().signal
const quick = { timeout: 5_000, attempts: 2, firstPause: 1 }
const name = 'beans-0123456789abcdef.json'
const text = '{"objects": ["ä 𝛌"]}\n'

/** Manifests of a target in a bucket, beside those of this machine. */
const manifestsOf = (bucket: string, putFile: PutFile, folder = '/nowhere') =>
  createManifests({
    folder,
    isLocal: (target) => target === 'local',
    bucketOf: (target) => (target === 'cloud' ? bucket : undefined),
    putFile,
  })

describe('a manifest', () => {
  it('has an address where the runs of its target read, or none', () => {
    const manifests = manifestsOf('gs://acme/root', createBucketFiles({}), '/data/manifests')
    expect(manifests.address('cloud', name)).toBe(`gs://acme/root/winnow-manifests/${name}`)
    expect(manifestsOf('s3://acme/', createBucketFiles({})).address('cloud', name)).toBe(
      `s3://acme/winnow-manifests/${name}`,
    )
    expect(manifests.address('local', name)).toBe(`file:///data/manifests/${name}`)
    expect(manifests.address('other', name)).toBeUndefined()
    expect(isManifestFile(manifests.address('cloud', name) as string)).toBe(true)
    expect(isManifestFile('gs://acme/root/winnow-manifests/beans.json')).toBe(false)
  })

  it('of this machine is a file, written once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'winnow-manifests-'))
    try {
      const manifests = manifestsOf('gs://acme', createBucketFiles({}), folder)
      const address = manifests.address('local', name) as string
      for (let i = 0; i < 2; i++) await manifests.write(address, text, never)
      expect(await readFile(fileURLToPath(address), 'utf8')).toBe(text)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describeWithEmulators('a manifest in Cloud Storage', () => {
  let server: Server
  beforeAll(async () => {
    server = await startCloudStorage()
    await makeBucket(server.url, 'acme-pipelines')
  }, 60_000)
  afterAll(() => server?.stop())

  it('is written whole, and once however often it is asked for', async () => {
    const putFile = createBucketFiles({ endpoint: server.url, patience: quick })
    const manifests = manifestsOf('gs://acme-pipelines/root', putFile)
    const address = manifests.address('cloud', name) as string
    const object = `${server.url}/storage/v1/b/acme-pipelines/o/${encodeURIComponent(`root/winnow-manifests/${name}`)}`
    const seen: unknown[] = []
    for (let i = 0; i < 2; i++) {
      await manifests.write(address, text, never)
      seen.push(((await (await fetch(object)).json()) as { generation: string }).generation)
    }
    expect(await (await fetch(`${object}?alt=media`)).text()).toBe(text)
    expect(seen[1]).toBe(seen[0])
  })

  it('is refused where there is no bucket', async () => {
    const putFile = createBucketFiles({ endpoint: server.url, patience: quick })
    await expect(putFile(`gs://nowhere-at-all/${name}`, text, never)).rejects.toMatchObject({
      code: 'source_refused',
      message: expect.stringContaining('there is no bucket nowhere-at-all'),
    })
  })
})

describeWithEmulators('a manifest in S3', () => {
  let server: Server
  const client = new AwsClient({ ...s3Credentials, service: 's3', region: 'us-east-1' })
  beforeAll(async () => {
    server = await startS3()
    expect((await client.fetch(`${server.url}/acme-pipelines`, { method: 'PUT' })).ok).toBe(true)
  }, 60_000)
  afterAll(() => server?.stop())

  it('is written whole, and the same however often it is asked for', async () => {
    const putFile = createBucketFiles({ endpoint: server.url, credentials: s3Credentials, patience: quick })
    const manifests = manifestsOf('s3://acme-pipelines/', putFile)
    const address = manifests.address('cloud', name) as string
    for (let i = 0; i < 2; i++) {
      await manifests.write(address, text, never)
      const found = await client.fetch(`${server.url}/acme-pipelines/winnow-manifests/${name}`)
      expect(await found.text()).toBe(text)
    }
  })

  it.each([
    ['the credentials are wrong', 'acme-pipelines', { ...s3Credentials, secretAccessKey: 'guessed' }],
    ['there is no bucket', 'nowhere-at-all', s3Credentials],
  ])('is refused where %s', async (_, bucket, credentials) => {
    const putFile = createBucketFiles({ endpoint: server.url, credentials, patience: quick })
    await expect(putFile(`s3://${bucket}/${name}`, text, never)).rejects.toMatchObject({ code: 'source_refused' })
  })
})

describe.each([
  ['gs', 'storage.objects.create'],
  ['s3', 's3:PutObject'],
])('a bucket of %s:', (scheme, right) => {
  const patience = { timeout: 150, attempts: 3, firstPause: 1 }

  it('that may not be written to says which right it takes, and is not asked again', async () => {
    await using server = await standIn((_request, response) => void json(response, 403, { error: { message: 'no' } }))
    const putFile = createBucketFiles({ endpoint: server.url, patience: quick })
    await expect(putFile(`${scheme}://acme/a.json`, text, never)).rejects.toMatchObject({
      code: 'source_refused',
      retryable: false,
      message: expect.stringContaining(`${scheme}://acme/a.json was refused`),
      remedy: expect.stringContaining(right),
    })
    expect(server.asked).toHaveLength(1)
  })

  it('that never answers is given up in time', async () => {
    await using server = await standIn(() => {})
    const putFile = createBucketFiles({ endpoint: server.url, patience })
    await expect(putFile(`${scheme}://acme/a.json`, text, never)).rejects.toMatchObject({
      code: 'source_unavailable',
      retryable: true,
    })
    expect(server.asked).toHaveLength(3)
  })
})

it('the config says where manifests of a target lie, and as which source their bucket is reached', async () => {
  await using server = await standIn((_request, response) => void json(response, 200, {}))
  const vertex = { kind: 'vertex', project: 'acme', location: 'europe-west4', pipelineRoot: 'gs://acme-pipelines/root' }
  const lake = { kind: 's3', addresses: ['s3://lake/'], repositories: ['beans'], endpoint: server.url }
  const config = ConfigFile.parse({
    version: 1,
    dataFolder: '/data',
    repositories: {
      beans: { host: 'git', url: 'file:///b.git', secrets: [{ env: 'WINNOW_SECRET_B' }], targets: ['eu'] },
    },
    sources: { lake: { ...lake, poll: '1m' } },
    targets: { local: { kind: 'local' }, eu: vertex, us: { ...vertex, manifests: 's3://lake/lists/' } },
  })
  const secrets = {
    databaseUrl: undefined,
    redisUrl: undefined,
    webhooks: {},
    accessTokens: {},
    people: {},
    sources: { lake: { signing: [], credentials: s3Credentials } },
  }
  const manifests = openManifests(config, secrets, (target) => target === 'local')
  expect(['local', 'eu', 'us'].map((target) => manifests.address(target, name))).toEqual([
    `file:///data/manifests/${name}`,
    `gs://acme-pipelines/root/winnow-manifests/${name}`,
    `s3://lake/lists/winnow-manifests/${name}`,
  ])
  await manifests.write(manifests.address('us', name) as string, text, never)
  expect(server.asked).toEqual([`PUT /lake/lists/winnow-manifests/${name}`])
})

it('an address of no bucket is written to by nobody', () => {
  expect(() => createBucketFiles({})('http://169.254.169.254/x', text, never)).toThrow(/no address of a bucket/)
})
