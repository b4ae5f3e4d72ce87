import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startPeer } from './peer-process.ts'
import type { Figure } from './run.ts'
import { predict, serveModel } from './served-model.ts'
import { shellPipeline } from './shell-pipeline.ts'
import { deliverPush, openStage, runOfChange, showRun, until } from './stage.ts'

/** How long a process is left alone before it is looked at: long enough for what its start left to be collected. */
const settle = 20_000

/** Resident memory in MiB, as Linux tells it. */
const residentMemory = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

const files = {
  'pipeline.json': shellPipeline('cheap', ['true']),
  'winnow.yaml': 'version: 1\npipelines:\n  cheap: {ir: pipeline.json, on: {push: {branches: [main]}}}\n',
}

/** `serve` with everything embedded, at rest and after work, beside a Node that has nothing but an empty PGlite open. */
export const bench = async (): Promise<readonly Figure[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-bench-peer-'))
  try {
    await using peer = await startPeer('./bare-database.ts', join(folder, 'database'))
    await using stage = await openStage()
    await pause(settle)
    const idle = await residentMemory(stage.pid)
    const bare = await residentMemory(peer.pid)

    await serveModel(stage, 'bench')
    const { answer } = await deliverPush(stage.url, 'main', await stage.commit('main', files))
    const run = await runOfChange(stage, answer.change as number)
    await until(`run ${run}`, async () => ((await showRun(stage, run)).state === 'succeeded' ? true : undefined))
    for (let i = 0; i < 20; i++) await predict(stage, 'bench')
    await pause(settle)
    const worked = await residentMemory(stage.pid)

    const figure = (what: string, value: number): Figure => ({
      what,
      ours: `${Math.round(value)} MiB`,
      peer: `${Math.round(bare)} MiB: Node with an empty PGlite`,
      ratio: value / bare,
      aim: 'under 700 MB',
    })
    return [
      figure('serve, 20 s after it was ready', idle),
      figure('serve, 20 s after a run and a served model', worked),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
