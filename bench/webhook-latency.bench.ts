import { setTimeout as pause } from 'node:timers/promises'
import { startPeer } from './peer-process.ts'
import { percentile } from './percentile.ts'
import type { Figure } from './run.ts'
import { predict, serveModel } from './served-model.ts'
import { shellPipeline } from './shell-pipeline.ts'
import {
  deliverPush,
  milliseconds,
  openStage,
  runOfChange,
  type Stage,
  showRun,
  until,
  webhookSecret,
} from './stage.ts'

const posts = 100
/** Between two posts to the same server; the peer is asked half-way. Milliseconds. */
const interval = 200
const burningTasks = 4

const burn = 'timeout 120 sh -c "while :; do :; done" || true'
const files = {
  'pipeline.json': shellPipeline('burn', Array(burningTasks).fill(burn)),
  'winnow.yaml': 'version: 1\npipelines:\n  burn: {ir: pipeline.json, on: {push: {branches: [main]}}}\n',
}

interface Samples {
  readonly ours: number[]
  readonly bare: number[]
}

/**
 * Pushes to a branch that no pipeline waits for: each is stored before its 202, and then matched like any other, with
 * git reading winnow.yaml at the commit. Ours and the peer are asked in turns, so that both meet the same machine.
 */
const measure = async (stage: Stage, peer: string, commit: string): Promise<Samples> => {
  const samples: Samples = { ours: [], bare: [] }
  const started = performance.now()
  const untilTurn = (turn: number) => pause(Math.max(0, started + (turn * interval) / 2 - performance.now()))
  for (let i = 0; i < posts; i++) {
    await untilTurn(2 * i)
    samples.ours.push((await deliverPush(stage.url, 'other', commit)).took)
    await untilTurn(2 * i + 1)
    samples.bare.push((await deliverPush(peer, 'other', commit)).took)
  }
  return samples
}

/** Four tasks that each want a core, and a model that is asked all the time, until the work is done. */
const underLoad = async <T>(stage: Stage, commit: string, work: () => Promise<T>): Promise<T> => {
  await serveModel(stage, 'bench')
  const { answer } = await deliverPush(stage.url, 'main', commit)
  const run = await runOfChange(stage, answer.change as number)
  const areBurning = async () =>
    (await showRun(stage, run)).tasks.filter(({ state }) => state === 'running').length === burningTasks
      ? true
      : undefined
  await until('four running tasks', areBurning)
  let done = false
  const asking = (async () => {
    let asked = 0
    for (; !done; asked++) {
      await predict(stage, 'bench')
      await pause(20)
    }
    return asked
  })()
  try {
    const result = await work()
    if (!(await areBurning())) throw new Error('the tasks ended before the measurement did')
    return result
  } finally {
    done = true
    await asking
    await stage.api(`/runs/${run}/cancel`, {})
  }
}

export const bench = async (): Promise<readonly Figure[]> => {
  await using stage = await openStage()
  await using peer = await startPeer('./bare-webhook.ts', webhookSecret)
  const commit = await stage.commit('main', files)
  for (const url of [stage.url, peer.said]) for (let i = 0; i < 5; i++) await deliverPush(url, 'other', commit)

  const idle = await measure(stage, peer.said, commit)
  const busy = await underLoad(stage, commit, () => measure(stage, peer.said, commit))
  return (
    [
      ['idle', idle, 0.5],
      ['idle', idle, 0.99],
      ['while jobs run', busy, 0.5],
      ['while jobs run', busy, 0.99],
    ] as const
  ).map(([when, { ours, bare }, share]) => ({
    what: `webhook ${when}, p${share * 100} of ${posts}`,
    ours: milliseconds(percentile(ours, share)),
    peer: `${milliseconds(percentile(bare, share))}: bare Fastify that keeps nothing`,
    ratio: percentile(ours, share) / percentile(bare, share),
    ...(when === 'idle' || share === 0.5 ? {} : { aim: 'under 50 ms' }),
  }))
}
