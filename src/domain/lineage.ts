/** A run that led to a change. */
interface Ancestor {
  readonly repository: string
  readonly pipeline: string
  readonly run: number
}

/** The first one first. */
export type Lineage = readonly Ancestor[]

/** A chain of runs that is longer is taken for one without an end. */
const longestLineage = 32

/** Why a pipeline must not be started by what these runs led to: it would go round and round. Undefined where it may. */
export const loopOf = (lineage: Lineage, repository: string, pipeline: string): string | undefined => {
  const first = lineage.findIndex((ancestor) => ancestor.repository === repository && ancestor.pipeline === pipeline)
  if (first >= 0) {
    const names = lineage
      .slice(first)
      .map((ancestor) => (ancestor.repository === repository ? ancestor.pipeline : nameOf(ancestor)))
    return `loop: ${[...names, pipeline].join(' → ')}`
  }
  return lineage.length >= longestLineage ? `loop: ${lineage.length} runs led to it one after the other` : undefined
}

const nameOf = ({ repository, pipeline }: Ancestor): string => `${repository}/${pipeline}`

/** The same runs once each, in the order of their numbers, the newest of too many. */
export const joinLineages = (lineages: readonly Lineage[]): Lineage => {
  const byRun = new Map(lineages.flat().map((ancestor) => [ancestor.run, ancestor]))
  return [...byRun.values()].sort((a, b) => a.run - b.run).slice(-longestLineage)
}
