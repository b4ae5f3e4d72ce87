import { createGatherStep, type GatherPorts } from '../gather/gather.ts'
import { createJudgeStep, type JudgePorts } from '../judge/judge.ts'
import { createMatchStep, type MatchPorts } from '../match/match.ts'
import { createExpireStep } from '../people/pause-pipeline.ts'
import { createReleaseStep, type ReleasePorts } from '../release/release.ts'
import { type BuildPorts, createBuildStep } from '../runs/build.ts'
import { createLaunchStep, type LaunchPorts } from '../runs/launch.ts'
import { createWatchStep, type WatchPorts } from '../runs/watch.ts'
import type { Steps } from './runner.ts'

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
