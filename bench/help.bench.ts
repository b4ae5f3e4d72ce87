import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { percentile } from './percentile.ts'
import type { Figure } from './run.ts'
import { milliseconds } from './stage.ts'

const rounds = 21
const run = promisify(execFile)
const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

const wallTime = async (args: readonly string[]): Promise<number> => {
  const started = performance.now()
  await run(process.execPath, args)
  return performance.now() - started
}

/** What a person waits for `winnow --help`, beside the bare start of the same Node. Taken in turns, after one of each. */
export const bench = async (): Promise<readonly Figure[]> => {
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const help = await wallTime([cli, '--help'])
    const nothing = await wallTime(['-e', '0'])
    if (round === 0) continue
    ours.push(help)
    bare.push(nothing)
  }
  return [0.5, 0.9].map((share) => ({
    what: `--help from source, p${share * 100} of ${rounds}`,
    ours: milliseconds(percentile(ours, share)),
    peer: `${milliseconds(percentile(bare, share))}: node -e 0`,
    ratio: percentile(ours, share) / percentile(bare, share),
    aim: 'under 150 ms',
  }))
}
