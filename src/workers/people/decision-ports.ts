import { operators, type Person } from '../../domain/approval.ts'
import { Fault } from '../../domain/errors.ts'
import { StaleRow, type Store } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import type { Receipt, Verdict } from '../../domain/verdict.ts'
import type { DeclarationPorts } from '../declaration/declaration.ts'

export interface DecisionPorts extends DeclarationPorts {
  readonly store: Store
  readonly repositories: readonly string[]
  readonly now: () => Time
}

/** A run that was judged and has a candidate: what people can decide about. */
export interface JudgedRun {
  readonly run: Run
  readonly verdict: Verdict
  readonly receipt: Receipt
}

export const judgedRun = async ({ store }: DecisionPorts, id: number): Promise<JudgedRun> => {
  const run = await store.get('run', id)
  if (run === undefined)
    throw new Fault('not_found', `There is no run ${id}`, { remedy: 'List them with `winnow runs`.' })
  const [verdict] = await store.list('verdict', { run: id }, 1)
  if (verdict === undefined)
    throw new Fault('usage', `Run ${id} has no verdict, so there is nothing to decide: it is ${run.state}`)
  if (verdict.state === 'pending')
    throw new Fault('outdated', `Run ${id} is being judged`, {
      remedy: 'Wait for its verdict, and look at that first.',
    })
  const { receipt } = verdict
  if (receipt === null || receipt.candidate === null)
    throw new Fault('usage', `Run ${id} made nothing that could be released: ${receipt?.reason ?? run.reason}`)
  return { run, verdict, receipt }
}

export const mustBeOperator = (person: Person, what: string): void => {
  if (person.groups.includes(operators)) return
  throw new Fault('forbidden', `${person.name} may not ${what}`, {
    remedy: `Ask somebody of the group ${operators}, or add ${person.name} to it in the server's config.`,
  })
}

/** The repository that is meant; it may be left out where the config names only one. */
export const repositoryOf = (
  { repositories }: DecisionPorts,
  { repository }: { readonly repository?: string | undefined },
): string => {
  const [only, ...more] = repositories
  if (repository === undefined && only !== undefined && more.length === 0) return only
  if (repository !== undefined && repositories.includes(repository)) return repository
  throw new Fault(
    repository === undefined ? 'usage' : 'not_found',
    repository === undefined ? 'The config names several repositories' : `The config names no repository ${repository}`,
    { remedy: `Name one with --repository: ${repositories.join(', ')}.` },
  )
}

/** A worker may write the same row at the same time: then the decision is taken anew, on what is there by now. */
export const decide = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StaleRow)) throw error
      if (attempt === 10)
        throw new Fault('outdated', 'What this is about changes all the time', { remedy: 'Look again, and try again.' })
    }
  }
}
