import { setTimeout as wait } from 'node:timers/promises'
import type { ApprovalRow } from '../../domain/approval.ts'
import type { Build } from '../../domain/build.ts'
import type { Digest } from '../../domain/digest.ts'
import type { HistoryEntry } from '../../domain/ports/store.ts'
import type { Release } from '../../domain/release.ts'
import type { Run } from '../../domain/run.ts'
import type { Verdict } from '../../domain/verdict.ts'
import { type ClientOptions, connect } from '../client.ts'
import { historyLines } from '../history.ts'
import { createLive } from '../live.ts'
import { isSettled } from '../settled.ts'
import { paintState } from '../style.ts'
import { print, printJson } from '../table.ts'
import { taskTree } from '../task-tree.ts'

export interface ShownRun {
  readonly run: Run
  readonly build: Omit<Build, 'ir'> | null
  readonly verdict: Verdict | null
  /** What a word of a person is about now. */
  readonly subject: Digest | null
  readonly words: readonly ApprovalRow[]
  readonly verdictHistory: readonly HistoryEntry[]
  readonly releases: readonly Release[]
  /** By the release's id; a controller of before knows none. */
  readonly releaseHistory?: Readonly<Record<string, readonly HistoryEntry[]>>
  readonly history: readonly HistoryEntry[]
}

const pollMs = 500

/** `winnow run show ID [--watch]` */
export const runShow = async (
  id: string,
  options: ClientOptions & { readonly watch?: boolean; readonly json?: boolean },
): Promise<void> => {
  const client = await connect(options)
  const read = () => client.get<ShownRun>(`/runs/${encodeURIComponent(id)}`)
  let shown = await read()
  if (options.watch && !options.json) {
    const live = createLive()
    while (!isSettled(shown.run, shown.verdict, shown.releases)) {
      live.draw([headline(shown), ...taskTree(shown.run.tasks, Date.now())])
      await wait(pollMs)
      shown = await read()
    }
    live.end()
  }
  if (options.json) return printJson(shown)
  for (const line of describeRun(shown)) print(line)
}

const headline = ({ run }: ShownRun): string =>
  `run ${run.id}  ${run.repository}/${run.pipeline} at ${run.commit.slice(0, 8)} on ${run.target}  ${paintState(run.state)}`

const describeRun = (shown: ShownRun): readonly string[] => {
  const { run, build, verdict, words, releases, releaseHistory, history, verdictHistory } = shown
  const cause = run.batch === null ? `change ${run.change}` : `batch ${run.batch}, ${counted(run.manifest, 'object')}`
  return [
    headline(shown),
    `  cause: ${cause}${run.attempt > 1 ? `, attempt ${run.attempt}` : ''}`,
    ...(run.reason === '' ? [] : [`  ${run.reason}`]),
    ...run.details.map((line) => `    ${line}`),
    ...(build === null
      ? []
      : [`  build ${build.id}: ${build.state}${build.irDigest === null ? '' : ` ${build.irDigest.slice(0, 23)}`}`]),
    ...(run.jobId === null ? [] : [`  job: ${run.jobId}`]),
    ...(run.reusedRun === null ? [] : [`  same as run ${run.reusedRun}`]),
    ...taskTree(run.tasks, Date.now()).map((line) => `  ${line}`),
    ...(verdict === null
      ? []
      : [
          `  verdict: ${paintState(verdict.state)}${verdict.receipt === null ? '' : `  ${verdict.receipt.reason}`}  (winnow explain ${run.id})`,
        ]),
    ...nextOf(shown).map((line) => `  ${line}`),
    ...words.map(
      ({ person, decision, reason }) =>
        `  ${person} said ${decision === 'approve' ? 'yes' : 'no'}${reason === '' ? '' : `: ${reason}`}`,
    ),
    ...releases.map(
      (release) =>
        `  ${release.environment}: ${paintState(release.state)}  ${release.reason}${overridden(release)}${canaryNote(release)}`,
    ),
    '  history',
    ...historyLines(history).map((line) => `    ${line}`),
    ...(verdictHistory.length === 0 ? [] : ['  history of the verdict']),
    ...historyLines(verdictHistory).map((line) => `    ${line}`),
    ...releases.flatMap(({ id, environment }) => [
      `  history of release ${id}, to ${environment}`,
      ...historyLines(releaseHistory?.[id] ?? []).map((line) => `    ${line}`),
    ]),
  ]
}

const counted = ({ length }: readonly unknown[], name: string): string => `${length} ${name}${length === 1 ? '' : 's'}`

/** What comes next; a pass leads to its releases, which are shown, and so is what a canary came to. */
export const nextOf = ({ verdict, releases }: Pick<ShownRun, 'verdict' | 'releases'>): readonly string[] => {
  const follows = verdict?.follows
  const isOver = follows?.kind === 'canary' && releases.some(({ canary, endedAt }) => canary && endedAt !== null)
  return !follows || follows.kind === 'delivered' || isOver ? [] : [`next: ${follows.reason}`]
}

const canaryNote = ({ canary, state }: Release): string =>
  canary && state !== 'live' ? '  (canary of an inconclusive verdict)' : ''

/** A release that stands against its verdict says so wherever it is shown. */
export const overridden = ({ override, reason }: Release): string =>
  override && !reason.includes('override') ? `  (by ${override.person}'s override: ${override.reason})` : ''
