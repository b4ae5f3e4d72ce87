import { type Release, releaseEnded } from '../domain/release.ts'
import { type Run, runEnded } from '../domain/run.ts'
import type { Verdict } from '../domain/verdict.ts'

/** Nothing more will happen to this run soon: it has ended, is judged, and its releases have ended or wait for people or hours. */
export const isSettled = (run: Run, verdict: Verdict | null, releases: readonly Release[]): boolean =>
  runEnded.includes(run.state) &&
  verdict?.state !== 'pending' &&
  releases.every(({ state }) => state === 'held' || state === 'holding' || releaseEnded.includes(state))
