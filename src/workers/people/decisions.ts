import type { Decisions } from '../../domain/decisions.ts'
import { createAsk } from './ask-run.ts'
import type { DecisionPorts } from './decision-ports.ts'
import { createHold, createLift } from './hold-environment.ts'
import { createOverride } from './override-verdict.ts'
import { createPause, createResume } from './pause-pipeline.ts'
import { createReplay } from './replay-change.ts'
import { createSpeak } from './speak.ts'
import { createTell } from './tell-worse.ts'

/** What people ask for, and decide about verdicts, environments and pipelines, over the same store and protected branch as the workers. */
export const createDecisions = (ports: DecisionPorts): Decisions => {
  const speak = createSpeak(ports)
  return {
    speak,
    override: createOverride(ports),
    hold: createHold(ports),
    lift: createLift(ports, speak),
    pause: createPause(ports),
    resume: createResume(ports),
    replay: createReplay(ports),
    ask: createAsk(ports),
    tell: createTell(ports),
  }
}
