import type { Run } from './run.ts'

/** What decides whose turn it is. */
export type TurnRun = Pick<Run, 'id' | 'repository' | 'pipeline' | 'target' | 'concurrency'>

/** How many runs may be under way at once; undefined: as many as come. A pipeline's own limit is in its runs. */
export interface TurnLimits {
  readonly ofRepository: (name: string) => number | undefined
  readonly ofTarget: (name: string) => number | undefined
}

interface Lane {
  readonly name: string
  readonly limit: number
  readonly holds: (run: TurnRun) => boolean
}

/** Why a run waits, for a person. */
export interface Waiting {
  readonly reason: string
}

/**
 * Whose turn it is: of the runs that wait, the oldest first, each one that all its lanes have room for. One that waits
 * for its own pipeline holds up nobody in the repository's or the target's lane. Runs of one pipeline may come of commits
 * with other limits: a later one keeps within those of the ones before it, or it would take their places for ever. Every
 * run that waits is in the answer: undefined where it may be launched now.
 */
export const takeTurns = (
  underWay: readonly TurnRun[],
  waiting: readonly TurnRun[],
  limits: TurnLimits,
): ReadonlyMap<number, Waiting | undefined> => {
  const going = [...underWay]
  const turns = new Map<number, Waiting | undefined>()
  const before: TurnRun[] = []
  for (const run of [...waiting].sort((a, b) => a.id - b.id)) {
    before.push(run)
    const full = lanesOf(run, before, limits).find((lane) => going.filter(lane.holds).length >= lane.limit)
    turns.set(run.id, full && { reason: reasonOf(full, going) })
    if (full === undefined) going.push(run)
  }
  return turns
}

const lanesOf = (run: TurnRun, before: readonly TurnRun[], limits: TurnLimits): readonly Lane[] => {
  const { repository, pipeline, target } = run
  const isSibling = (other: TurnRun): boolean => other.repository === repository && other.pipeline === pipeline
  const own = before.filter(isSibling).flatMap(({ concurrency }) => concurrency ?? [])
  const lanes = [
    { name: `pipeline ${pipeline}`, limit: own.length === 0 ? undefined : Math.min(...own), holds: isSibling },
    {
      name: `repository ${repository}`,
      limit: limits.ofRepository(repository),
      holds: (other: TurnRun) => other.repository === repository,
    },
    { name: `target ${target}`, limit: limits.ofTarget(target), holds: (other: TurnRun) => other.target === target },
  ]
  return lanes.flatMap(({ limit, ...lane }) => (limit === undefined ? [] : [{ ...lane, limit }]))
}

/** `waits for run 12: pipeline beans runs one at a time` */
const reasonOf = ({ name, limit, holds }: Lane, going: readonly TurnRun[]): string => {
  const before = going
    .filter(holds)
    .map(({ id }) => id)
    .sort((a, b) => a - b)
  const shown = before.slice(0, 3).join(', ')
  const runs = before.length === 1 ? `run ${shown}` : `runs ${shown}${before.length > 3 ? ', …' : ''}`
  return `waits for ${runs}: ${name} runs ${limit === 1 ? 'one' : limit} at a time`
}
