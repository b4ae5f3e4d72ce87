import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { automlRequirements } from '../src/platform/automl/train.ts'
import { judge } from '../src/policies/gates/judge.ts'
import { metricNames } from '../src/policies/language/metrics.ts'
import { parsePolicy } from '../src/policies/language/parse-policy.ts'
import { createPythonEnvironments } from '../src/processes/python-environments.ts'
import type { Figure } from './run.ts'

const run = promisify(execFile)
const examples = 1_000_000
const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Milliseconds of the processor that a thousand verdicts over stated numbers alone take, and reading their policy a thousand times. */
const aggregates = (): { readonly judged: number; readonly read: number } => {
  const names = metricNames.slice(0, 2)
  const gates = Array.from({ length: 20 }, (_, i) => `  g${i}: {metric: ${names[i % 2]}, atLeast: ${0.5 + i / 100}}`)
  const text = `version: 1\nmodel: m\ngates:\n${gates.join('\n')}\n`
  const policy = () => {
    const parsed = parsePolicy(text, 'p.yaml')
    if (!parsed.ok) throw new Error('the policy is wrong')
    return parsed.value
  }
  const metrics = Object.fromEntries(names.map((name) => [name, 0.9]))
  const candidate = { evidence: { metrics, perClass: {}, confusion: null }, answers: null }
  const known = policy()
  return {
    judged: aThousandTimes(() => {
      const { outcome } = judge(known, { candidate, references: {}, checks: {}, approvals: [], author: 'bench' })
      if (outcome !== 'pass') throw new Error(outcome)
    }),
    read: aThousandTimes(policy),
  }
}

const aThousandTimes = (work: () => unknown): number => {
  const begun = process.cpuUsage()
  for (let i = 0; i < 1_000; i++) work()
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / 1_000
}

/** A verdict of 20 confident gates over a million examples and a champion, beside the same in numpy and scipy. */
export const bench = async (): Promise<readonly Figure[]> => {
  const environments = createPythonEnvironments({ folder: join(tmpdir(), 'winnow-bench-environments') })
  const { python } = await environments.ensure(await automlRequirements())
  const work = await run(process.execPath, [beside('./policies-work.ts'), String(examples)])
  const ours = JSON.parse(work.stdout) as { milliseconds: number; peakMegabytes: number }
  const peerRun = await run(python, [beside('./policies_peer.py'), String(examples)], { maxBuffer: 1 << 20 })
  const peer = JSON.parse(peerRun.stdout) as { seconds: number; reckoned: number }
  const thread = await run(process.execPath, [beside('./policies-thread.ts'), String(examples)])
  const loop = JSON.parse(thread.stdout) as { longest: number; longestOwn: number; read: number; judged: number }
  const seconds = ours.milliseconds / 1_000
  const thousand = aggregates()
  return [
    {
      what: '20 gates, 1,000,000 examples, champion',
      ours: `${seconds.toFixed(1)} s`,
      peer: `${peer.seconds.toFixed(1)} s, numpy (${peer.reckoned.toFixed(0)} s of it reckoned)`,
      ratio: seconds / peer.seconds,
      aim: 'under 5 s, 0.1',
    },
    {
      what: 'its memory, at most',
      ours: `${ours.peakMegabytes.toFixed(0)} MB`,
      peer: '112 MB, the two tables alone',
      ratio: ours.peakMegabytes / 112,
      aim: 'under 1 GB',
    },
    {
      what: 'the event loop held at once by its own work',
      ours: `${loop.longestOwn.toFixed(1)} ms`,
      peer: `50 ms, the aim; ${loop.longest.toFixed(0)} ms with what others took`,
      ratio: loop.longestOwn / 50,
      aim: 'under 50 ms',
    },
    {
      what: 'reading, keeping, then judging in threads',
      ours: `${(loop.read / 1_000).toFixed(1)} s, ${(loop.judged / 1_000).toFixed(1)} s`,
      peer: `${seconds.toFixed(1)} s, judging alone`,
      ratio: (loop.read + loop.judged) / ours.milliseconds,
    },
    {
      what: 'a thousand verdicts of 20 gates, aggregates',
      ours: `${thousand.judged.toFixed(0)} ms`,
      peer: `1000 ms, the aim; to read 1,000 policies ${thousand.read.toFixed(0)} ms`,
      ratio: thousand.judged / 1_000,
      aim: 'under 1 s',
    },
  ]
}
