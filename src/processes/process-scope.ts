import { AsyncLocalStorage } from 'node:async_hooks'
import type { ProcessIdentity } from './process-table.ts'

/** Who answers for the processes that a piece of work starts. */
export interface ProcessScope {
  /** Put into each process's environment, so that its descendants can be found after the parent was killed. */
  readonly token: string
  readonly onStart: (process: ProcessIdentity) => void
  /** One that was started has ended, and it is certain that nothing is left of it. */
  readonly onGone?: () => void
}

const scopes = new AsyncLocalStorage<ProcessScope | undefined>()

/** Runs `work` so that every process it starts, however deep, belongs to the scope. */
export const inProcessScope = <T>(scope: ProcessScope | undefined, work: () => T): T => scopes.run(scope, work)

export const currentScope = (): ProcessScope | undefined => scopes.getStore()
