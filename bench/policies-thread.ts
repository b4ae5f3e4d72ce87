import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createJudging } from '../src/judging/judging.ts'
import type { Judging } from '../src/judging/port.ts'
import type { ClassPredictions } from '../src/policies/predictions/predictions.ts'
import { drawPredictions, twentyGates } from './policies-predictions.ts'

// How long the event loop is held while two tables are read, laid side by side, kept and judged as `serve` does it. A
// process of its own: node policies-thread.ts EXAMPLES; prints JSON.

const rows = Number(process.argv[2] ?? 1_000_000)
const folder = await mkdtemp(join(tmpdir(), 'winnow-bench-judging-'))

function* linesOf({ classes, truth, scores }: ClassPredictions): Generator<string> {
  yield `id,label,${classes.map((name) => `p_${name}`).join(',')}\n`
  const block = 1_000
  for (let start = 0; start < rows; start += block) {
    let text = ''
    for (let i = start; i < Math.min(rows, start + block); i++) {
      const own = (scores as Float64Array).subarray(i * classes.length, (i + 1) * classes.length)
      text += `example-${i},${classes[truth[i] as number]},${Array.from(own, (score) => score.toFixed(7)).join(',')}\n`
    }
    yield text
  }
}
const written = async (name: string, seed: number): Promise<string> => {
  const path = join(folder, name)
  await pipeline(Readable.from(linesOf(drawPredictions(rows, seed))), createWriteStream(path))
  return path
}

/** Beats every 5 ms; what is between two beats beyond that, the loop was held, by this thread's own work or the machine. */
const watchLoop = () => {
  let last = performance.now()
  let spent = process.threadCpuUsage()
  let [longest, longestOwn] = [0, 0]
  const beat = setInterval(() => {
    const now = performance.now()
    const own = process.threadCpuUsage(spent)
    longest = Math.max(longest, now - last - 5)
    longestOwn = Math.max(longestOwn, (own.user + own.system) / 1_000)
    last = now
    spent = process.threadCpuUsage()
  }, 5)
  return () => {
    clearInterval(beat)
    return { longest, longestOwn }
  }
}

const keptOf = async (paths: readonly [string, string], judging: Judging, signal: AbortSignal) => {
  await using held = judging.openAnswers(signal)
  const [first, second] = await Promise.all(paths.map((path) => held.read({ kind: 'answers', path, label: null })))
  if (first === undefined || second === undefined) throw new Error('two tables were asked for')
  const { candidate, references } = await held.keepSideBySide(first, { champion: second })
  const champion = references['champion']
  if (champion?.ok !== true) throw new Error(champion?.reason ?? 'there is no champion')
  return { candidate, champion }
}

try {
  const paths = [await written('candidate.csv', 2), await written('champion.csv', 3)] as const
  const { signal } = new AbortController()
  const judging = createJudging(join(folder, 'kept'))
  const policy = twentyGates()
  const stated = { metrics: {}, perClass: {}, confusion: null }
  const stop = watchLoop()
  const begun = performance.now()
  const { candidate, champion } = await keptOf(paths, judging, signal)
  const read = performance.now() - begun
  const { judgement } = await judging.judge(
    policy,
    {
      candidate: { evidence: stated, predictions: { kept: candidate.digest } },
      references: { champion: { kind: 'known', evidence: stated, predictions: { kept: champion.digest } } },
      facts: { change: {}, candidate: {} },
      approvals: [],
      author: 'bench',
    },
    signal,
  )
  const judged = performance.now() - begun - read
  if (judgement.gates.length !== 20) throw new Error(`${judgement.gates.length} gates`)
  console.log(JSON.stringify({ ...stop(), read, judged, peakMegabytes: process.resourceUsage().maxRSS / 1024 }))
} finally {
  await rm(folder, { recursive: true, force: true })
}
