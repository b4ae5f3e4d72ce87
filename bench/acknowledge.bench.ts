import { spawn } from 'node:child_process'
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { access, chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stringify } from 'yaml'
import { createPostgres, freePort } from '../scripts/servers.ts'
import { startController } from '../src/cli/controller-process.ts'
import { type Flooded, flood, postRequest } from './flood.ts'
import { percentile } from './percentile.ts'
import type { Figure } from './run.ts'
import { milliseconds } from './stage.ts'

const secret = 'a secret that only this benchmark knows'
const probot = 'probot@14.3.2'
/** The rate of both still rises over the first ones, while their code is compiled. */
const warmingRounds = 4
const rounds = 7
const requestsInRound = 3_000
const connections = 64

interface Acknowledger extends AsyncDisposable {
  readonly name: string
  readonly url: string
}

/** `serve` in the web role, over a PostgreSQL that waits for its disk. */
const startOurs = async (folder: string): Promise<Acknowledger> => {
  const database = await createPostgres(folder, undefined, 'on')
  await database.start()
  const url = `http://127.0.0.1:${await freePort()}`
  const config = {
    version: 1,
    role: 'web',
    logLevel: 'warn',
    listen: { port: Number(new URL(url).port) },
    dataFolder: join(folder, 'data'),
    repositories: {
      bench: {
        host: 'github',
        fullName: 'acme/bench',
        url: 'https://127.0.0.1/never-fetched.git',
        secrets: [{ file: join(folder, 'secret') }],
        targets: ['far'],
      },
    },
    targets: { far: { kind: 'vertex', project: 'p', location: 'europe-west4', pipelineRoot: 'gs://nowhere' } },
  }
  await writeFile(join(folder, 'secret'), secret)
  const configFile = join(folder, 'winnow.config.yaml')
  await writeFile(configFile, stringify(config))
  const before = process.env['DATABASE_URL']
  process.env['DATABASE_URL'] = database.url
  try {
    const controller = await startController({ configFile, url, logFile: join(folder, 'controller.log') })
    return {
      name: 'Winnow',
      url: `${url}/webhooks/github`,
      [Symbol.asyncDispose]: async () => {
        await controller.stop()
        await database.stop()
      },
    }
  } finally {
    if (before === undefined) delete process.env['DATABASE_URL']
    else process.env['DATABASE_URL'] = before
  }
}

/** Probot is large, and nothing else here needs it: it is installed once, beside the other things of the temporary folder. */
const startProbot = async (): Promise<Acknowledger> => {
  const folder = join(tmpdir(), `winnow-bench-${probot.replace('@', '-')}`)
  await mkdir(folder, { recursive: true })
  const isThere = await access(join(folder, 'node_modules', 'probot')).then(
    () => true,
    () => false,
  )
  if (!isThere) {
    await writeFile(join(folder, 'package.json'), '{"private": true, "type": "module"}\n')
    const npm = spawn('npm', ['install', '--no-audit', '--no-fund', probot], { cwd: folder, stdio: 'ignore' })
    const [exitCode] = await once(npm, 'exit')
    if (exitCode !== 0) throw new Error(`${probot} could not be installed in ${folder}`)
  }
  const script = join(folder, 'probot-server.mjs')
  await copyFile(join(import.meta.dirname, 'probot-server.mjs'), script)
  const child = spawn(process.execPath, [script, secret, String(await freePort())], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  let url = ''
  for await (const line of createInterface(child.stdout)) {
    url = line
    if (url.startsWith('http')) break
  }
  child.stdout.resume()
  return {
    name: 'Probot',
    url,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

interface PushBody {
  readonly repository: object
  readonly installation?: object
}

/** Pushes as GitHub sends them, each a happening of its own, over a hundred branches. */
const makePushes = async (url: string): Promise<readonly Buffer[]> => {
  const file = createRequire(import.meta.url).resolve('@octokit/webhooks-examples')
  const kinds = JSON.parse(await readFile(file, 'utf8')) as readonly { name: string; examples: readonly PushBody[] }[]
  const found = kinds.find(({ name }) => name === 'push')?.examples[0]
  if (found === undefined) throw new Error('there is no example of a push')
  const { installation: _installation, ...example } = found
  return Array.from({ length: requestsInRound }, (_, i) => {
    const push = {
      ...example,
      ref: `refs/heads/branch-${i % 100}`,
      before: randomBytes(20).toString('hex'),
      after: randomBytes(20).toString('hex'),
      repository: { ...example.repository, full_name: 'acme/bench' },
    }
    const body = Buffer.from(JSON.stringify(push))
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/bench',
      'x-github-event': 'push',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    }
    return postRequest(new URL(url).pathname, headers, body)
  })
}

const median = (values: readonly number[]): number => percentile(values, 0.5)

export const bench = async (): Promise<readonly Figure[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-bench-'))
  await chmod(folder, 0o755)
  try {
    await using ours = await startOurs(folder)
    await using peer = await startProbot()
    const results: Record<string, Flooded[]> = { Winnow: [], Probot: [] }
    for (let round = 0; round < warmingRounds + rounds; round++)
      for (const one of [ours, peer]) {
        const flooded = await flood(one.url, await makePushes(one.url), connections)
        if (round >= warmingRounds) results[one.name]?.push(flooded)
      }
    const of = (name: string) => {
      const rounded = results[name] as Flooded[]
      return {
        rate: median(rounded.map(({ rate }) => rate)),
        p99: percentile(
          rounded.flatMap(({ latencies }) => latencies),
          0.99,
        ),
      }
    }
    const [we, they] = [of('Winnow'), of('Probot')]
    console.log(
      `  load ${loadavg()
        .map((load) => load.toFixed(1))
        .join(', ')}; ${connections} connections, ${rounds} rounds of ${requestsInRound}`,
    )
    return [
      {
        what: 'pushes acknowledged a second, each durable',
        ours: `${Math.round(we.rate)}`,
        peer: `${Math.round(they.rate)}: Probot, which keeps nothing`,
        ratio: we.rate / they.rate,
        aim: 'at least 1',
      },
      {
        what: 'the same, p99',
        ours: milliseconds(we.p99),
        peer: `${milliseconds(they.p99)}: Probot`,
        ratio: we.p99 / they.p99,
      },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
