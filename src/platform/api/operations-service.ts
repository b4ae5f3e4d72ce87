import { isJsonObject } from '../../domain/json.ts'
import type { Operations } from '../operations.ts'
import type { Handler, Message } from '../services.ts'
import { statusError } from '../status.ts'
import { millisecondsOf } from './filter.ts'
import { pageOf } from './paging.ts'

/** No call may hang for ever, so a wait without a time-out of its own ends after this. */
const longestWaitMs = 60_000

export const createOperationsService = (operations: Operations) => {
  const found = (operation: Message | undefined, name: unknown): Message => {
    if (operation) return operation
    throw statusError('NOT_FOUND', `There is no operation ${String(name ?? '')}`)
  }
  return {
    getOperation: async ({ name }) => found(operations.get(String(name)), name),
    listOperations: async (request) => {
      const parent = String(request.name ?? '').replace(/\/operations\/?$/, '')
      const { items, nextPageToken } = pageOf(operations.list(parent), request, ['done'])
      return { operations: items, nextPageToken }
    },
    waitOperation: async ({ name, timeout }, { signal }) => {
      const asked = isJsonObject(timeout) ? millisecondsOf(timeout) : longestWaitMs
      return found(await operations.wait(String(name), Math.min(asked, longestWaitMs), signal), name)
    },
    cancelOperation: async ({ name }) => {
      if (!(await operations.cancel(String(name)))) found(undefined, name)
      return {}
    },
    deleteOperation: async ({ name }) => {
      const outcome = await operations.remove(String(name))
      if (outcome === 'missing') found(undefined, name)
      if (outcome === 'running')
        throw statusError('FAILED_PRECONDITION', `${String(name)} is still under way: cancel it first`)
      return {}
    },
  } satisfies Record<string, Handler>
}
