import { type Change, type UpstreamCause, upstreamName } from '../../domain/change.ts'
import { loopOf } from '../../domain/lineage.ts'
import type { Time } from '../../domain/time.ts'
import { pipelinesAfter } from '../runs/tell-upstream.ts'
import type { Decision, MatchPorts } from './match.ts'
import { matchProtected } from './match-protected.ts'

/** What pipelines wait for came: those that did not lead to it themselves run at the head of the protected branch. */
export const matchUpstream = (
  ports: MatchPorts,
  change: Change,
  cause: UpstreamCause,
  at: Time,
  signal: AbortSignal,
): Promise<Decision> =>
  matchProtected(ports, change, at, signal, (yaml) => {
    const { repository, lineage = [] } = change
    const waiting = pipelinesAfter(yaml, repository, cause)
    if (waiting.length === 0) return { ok: false, reason: `no pipeline waits for ${upstreamName(cause)} any more` }
    const loops = waiting.flatMap((pipeline) => loopOf(lineage, repository, pipeline.name) ?? [])
    const pipelines = waiting.filter((pipeline) => loopOf(lineage, repository, pipeline.name) === undefined)
    if (pipelines.length === 0) return { ok: false, reason: loops.join('; ') }
    const by = cause.live === undefined ? `run ${cause.run} succeeded` : `release ${cause.live.release} is live`
    const but = loops.length === 0 ? '' : `; not again, ${loops.join('; ')}`
    return { ok: true, reason: `${upstreamName(cause)}: ${by}${but}`, pipelines, occasion: by }
  })
