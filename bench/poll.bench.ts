import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createPostgres } from '../scripts/servers.ts'
import { startPeer } from './peer-process.ts'
import type { Figure } from './run.ts'

const run = promisify(execFile)
const objects = 100_000

interface Work {
  readonly objects: number
  readonly told: number
  readonly pages: number
  readonly telling: number
  readonly quiet: number
  readonly start: number
  readonly peak: number
}

/** A poll of a bucket of 100,000 objects, beside fetching and parsing the same pages. */
export const bench = async (): Promise<readonly Figure[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-bench-'))
  await chmod(folder, 0o755)
  const server = await createPostgres(folder)
  await server.start()
  try {
    await using listing = await startPeer('./listing-server.ts', String(objects))
    const program = fileURLToPath(new URL('./poll-work.ts', import.meta.url))
    const { stdout } = await run(process.execPath, [program, listing.said, server.url, folder])
    const work = JSON.parse(stdout) as Work
    if (work.objects !== objects) throw new Error(`the poll saw ${work.objects} objects`)
    const peer = `${work.pages.toFixed(1)} s: the pages alone`
    const figure = (what: string, seconds: number): Figure => ({
      what,
      ours: `${seconds.toFixed(1)} s`,
      peer,
      ratio: seconds / work.pages,
    })
    console.log(
      `  load ${loadavg()
        .map((load) => load.toFixed(1))
        .join(', ')}`,
    )
    return [
      figure(`poll of ${objects} objects, none of them new`, work.quiet),
      figure(`the same, ${work.told} of them new`, work.telling),
      {
        what: 'memory of its process, at most',
        ours: `${work.peak.toFixed(0)} MiB`,
        peer: `${work.start.toFixed(0)} MiB: after two listings`,
        ratio: work.peak / work.start,
      },
    ]
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
