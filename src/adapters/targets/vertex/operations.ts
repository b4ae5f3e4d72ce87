import type { OperationView } from '../../../domain/ports/operation.ts'
import { type Call, isNotFound } from './calls.ts'
import type { Clients } from './clients.ts'

/**
 * Looks at a long-running operation by its name, from whichever process it was started. What it made is not decoded:
 * whoever waits for it looks at the resource itself, which is the only truth after a crash. An operation that the
 * target has forgotten counts as done for the same reason.
 */
export const createOperations =
  (clients: Clients, call: Call) =>
  async (name: string, signal: AbortSignal): Promise<OperationView> => {
    const client = await clients.endpoints()
    try {
      const operation = await call({ method: 'GetOperation', resource: name, kind: 'read' }, signal, (options) =>
        // The vendor's type of the request is its message class, but plain data is what it sends.
        client.operationsClient.getOperation({ name } as never, options),
      )
      const error = operation.error
      if (!operation.done) return { done: false, error: null }
      return { done: true, error: error ? error.message || `code ${error.code}` : null }
    } catch (error) {
      if (isNotFound(error)) return { done: true, error: null }
      throw error
    }
  }
