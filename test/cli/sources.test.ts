import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type App, createApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { until } from '../e2e/controller.ts'
import { bareRepository, commitFiles, git, workingRepository } from '../hosts/git-repositories.ts'
import { winnow } from './winnow.ts'

// `winnow sources` against a controller with one source that tells by itself, and one that asks a bucket of S3: at first
// the bucket has one object, then it refuses.

const declaration = `version: 1
pipelines:
  beans: {ir: beans.json, on: {data: {uri: "s3://acme/*.csv", quiet: 1h, maxWait: 2h, into: files}}}
`

let folder: string
let data: string
let app: App
let refuses = false
const bucket = createServer((_request, response) => {
  if (refuses) return response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
  response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>
<ListBucketResult><Name>acme</Name><IsTruncated>false</IsTruncated><KeyCount>1</KeyCount>
<Contents><Key>beans.csv</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"5d41402abc4b2a76b9719d911017c592"</ETag><Size>5</Size></Contents>
</ListBucketResult>`)
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-cli-sources-'))
  data = join(folder, 'data')
  bucket.listen(0, '127.0.0.1')
  await once(bucket, 'listening')
  const bare = await bareRepository(join(folder, 'beans.git'))
  const work = await workingRepository(join(folder, 'work'), bare)
  await commitFiles(work, { 'winnow.yaml': declaration, 'beans.json': '{}' })
  await git(work, ['push', '--quiet', 'origin', 'HEAD:main'])
  const config = {
    version: 1,
    listen: { port: 0 },
    dataFolder: data,
    repositories: {
      beans: { host: 'git', url: pathToFileURL(bare).href, secrets: [{ env: 'HOOK' }], targets: ['local'] },
    },
    sources: {
      told: { kind: 'events', addresses: ['s3://other/'], repositories: ['beans'], secrets: [{ env: 'EVENTS' }] },
      lake: {
        kind: 's3',
        addresses: ['s3://acme/'],
        repositories: ['beans'],
        poll: '10s',
        endpoint: `http://127.0.0.1:${(bucket.address() as AddressInfo).port}`,
        region: 'eu-central-1',
        credentials: { accessKeyId: { env: 'KEY_ID' }, secretAccessKey: { env: 'KEY' } },
      },
    },
  }
  const file = join(folder, 'winnow.config.yaml')
  await writeFile(file, stringify(config))
  const secret = 'a secret of thirty-two letters..'
  const read = await loadConfig(file, { HOOK: secret, EVENTS: secret, KEY_ID: secret, KEY: secret })
  app = await createApp(read.config, read.secrets, silentLog)
}, 60_000)
afterAll(async () => {
  await app?.close()
  bucket.close()
  bucket.closeAllConnections()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
})

const sources = (...args: readonly string[]) => winnow(['sources', ...args, '--data', data])

it('says of each how it is told of, what is there, and what is wrong', { timeout: 240_000 }, async () => {
  const asked = await until('the bucket to be asked', async () => {
    const { stdout } = await sources()
    return /lake +s3 +poll +working/.test(stdout) && stdout
  })
  expect(asked).toMatch(/^told +events +nothing +it tells by itself +s3:\/\/other\/$/m)
  expect(asked).toMatch(/^lake +s3 +poll +working +.* +1 +\d+ +0 +s3:\/\/acme\/$/m)

  refuses = true
  const failing = await until('the bucket to refuse', async () => {
    const { stdout } = await sources('lake')
    return stdout.includes('failing') && stdout
  })
  expect(failing).toMatch(/^lake, poll: failing, first .*, tried last .*: .*s3:\/\/acme.* \[source_refused\]$/m)
  expect(failing).toMatch(/^No message was refused\.$/m)
  expect(failing).not.toContain('told')

  const json = JSON.parse((await sources('--json')).stdout) as { sources: readonly { name: string }[] }
  expect(json.sources.map(({ name }) => name)).toEqual(['told', 'lake'])
  expect(JSON.stringify(json)).not.toContain('thirty-two')
})

it('knows no other', async () => {
  expect(await sources('barn')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/no source barn.*\[not_found\]/),
  })
})
