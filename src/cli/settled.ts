import type { Release, ReleaseState } from '../domain/release.ts'
import { releaseEnded } from '../domain/release.ts'
import { type Run, runEnded } from '../domain/run.ts'
import type { Verdict } from '../domain/verdict.ts'

/** Nothing more will happen to this run by itself: it has ended, is judged, and its releases have ended. */
export const isSettled = (run: Run, verdict: Verdict | null, releases: readonly Release[]): boolean =>
  runEnded.includes(run.state) &&
  verdict?.state !== 'pending' &&
  releases.every((release) => (releaseEnded as readonly ReleaseState[]).includes(release.state))
