import { type BuildPorts, createBuildStep } from './build.ts'
import { createGatherStep, type GatherPorts } from './gather.ts'
import { createJudgeStep, type JudgePorts } from './judge.ts'
import { createLaunchStep, type LaunchPorts } from './launch.ts'
import { createMatchStep, type MatchPorts } from './match.ts'
import { createExpireStep } from './pause-pipeline.ts'
import { createReleaseStep, type ReleasePorts } from './release.ts'
import type { Steps } from './runner.ts'
import { createWatchStep, type WatchPorts } from './watch.ts'

export type StepPorts = MatchPorts & GatherPorts & BuildPorts & LaunchPorts & WatchPorts & JudgePorts & ReleasePorts

/** Every step of the walk over one set of ports. */
export const createSteps = (ports: StepPorts): Steps => ({
  match: createMatchStep(ports),
  gather: createGatherStep(ports),
  build: createBuildStep(ports),
  launch: createLaunchStep(ports),
  watch: createWatchStep(ports),
  judge: createJudgeStep(ports),
  release: createReleaseStep(ports),
  expire: createExpireStep(ports),
})
