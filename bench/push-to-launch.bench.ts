import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { sharedEnvironments } from '../test/automl/environments.ts'
import { percentile } from './percentile.ts'
import type { Figure } from './run.ts'
import { shellPipeline } from './shell-pipeline.ts'
import { deliverPush, milliseconds, openStage, runOfChange, type Stage, showRun, until } from './stage.ts'

const warmPushes = 60
const coldPushes = 15
const peerRuns = 5
const run = promisify(execFile)

/*
 * What makes a build cached is the digest of the commit's tree, and what makes a run new is, among others, the
 * pipeline's name. So winnow.yaml declares one pipeline for each push, all from the same compiled file and each for a
 * branch of its own. The commits of these branches are different, their tree is the same: every push finds the build,
 * no push finds an equal run, and each is really launched as a job of its own. The first push, which compiles, is not
 * counted. The second series gives every commit another tree, so that each push builds too.
 */
const winnowYaml = (note: string): string =>
  [
    `# ${note}`,
    'version: 1',
    'pipelines:',
    ...Array.from(
      { length: warmPushes + coldPushes + 1 },
      (_, i) => `  p${i}: {ir: pipeline.json, on: {push: {branches: [b${i}]}}}`,
    ),
    '',
  ].join('\n')

const files = { 'pipeline.json': shellPipeline('cheap', ['true']), 'winnow.yaml': winnowYaml('the same for all') }

/** What a step of a CI job does for the same without Winnow: start Python, import kfp, compile. It does not even submit. */
const peerScript = `
from kfp import compiler, dsl

@dsl.container_component
def cheap():
    return dsl.ContainerSpec(image="example/shell:1", command=["sh", "-ec", "true"])

@dsl.pipeline(name="cheap")
def pipeline():
    cheap()

compiler.Compiler().compile(pipeline, "compiled.yaml")
`

/** From the 202 to the moment when the platform has acknowledged the job, by the clock of this machine. */
const pushToLaunch = async (stage: Stage, branch: string, commit: string): Promise<number> => {
  const { at, answer } = await deliverPush(stage.url, branch, commit)
  const id = await runOfChange(stage, answer.change as number)
  const launched = await until(`run ${id}`, async () => {
    const shown = await showRun(stage, id)
    return ['running', 'succeeded'].includes(shown.state) ? shown : stillOnItsWay(shown)
  })
  // Its task ends before the next push, so one push is measured and not a queue of them.
  await until(`the end of run ${id}`, async () => {
    const { state, reason } = await showRun(stage, id)
    if (state === 'failed') throw new Error(`run ${id} failed: ${reason}`)
    return state === 'succeeded' ? true : pause(100, undefined)
  })
  return launched.launchedAt - at
}

const stillOnItsWay = ({ id, state, reason }: { id: number; state: string; reason: string }): undefined => {
  if (['wanted', 'built', 'launching'].includes(state)) return undefined
  throw new Error(`run ${id} was not launched but ${state}: ${reason}`)
}

const coldCompile = async (folder: string): Promise<number> => {
  const { python } = await sharedEnvironments().ensure(['kfp==2.17.0'])
  await writeFile(join(folder, 'peer.py'), peerScript)
  const started = performance.now()
  await run(python, ['peer.py'], { cwd: folder })
  return performance.now() - started
}

export const bench = async (): Promise<readonly Figure[]> => {
  await using stage = await openStage()
  const warmUp = await stage.commit('b0', files)
  await pushToLaunch(stage, 'b0', warmUp)
  await coldCompile(stage.folder)

  const warm: number[] = []
  const cold: number[] = []
  const peer: number[] = []
  for (let i = 1; i <= warmPushes; i++) {
    warm.push(await pushToLaunch(stage, `b${i}`, await stage.commit(`b${i}`, files)))
    if (i % (warmPushes / peerRuns) === 0) peer.push(await coldCompile(stage.folder))
  }
  for (let i = warmPushes + 1; i <= warmPushes + coldPushes; i++) {
    const changed = { ...files, 'winnow.yaml': winnowYaml(`only for push ${i}`) }
    cold.push(await pushToLaunch(stage, `b${i}`, await stage.commit(`b${i}`, changed)))
  }
  const builds = new Set<number>()
  for (let id = 2; id <= warmPushes + 1; id++)
    builds.add((await stage.api<{ run: { build: number } }>(`/runs/${id}`)).run.build)
  if (builds.size !== 1) throw new Error(`the build cache was not warm: ${builds.size} builds`)

  const median = percentile(peer, 0.5)
  const named = `${milliseconds(median)}: cold kfp compile (median of ${peerRuns})`
  const figure = (what: string, value: number): Figure => ({
    what,
    ours: milliseconds(value),
    peer: named,
    ratio: value / median,
  })
  return [
    figure(`202 to launched, build cached, p50 of ${warmPushes}`, percentile(warm, 0.5)),
    figure(`202 to launched, build cached, p99 of ${warmPushes}`, percentile(warm, 0.99)),
    figure(`202 to launched, new tree, p50 of ${coldPushes}`, percentile(cold, 0.5)),
  ]
}
