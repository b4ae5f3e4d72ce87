import type { Operations } from './operations.ts'
import { type HandlerTable, type Message, type PlatformServices, serviceNames } from './services.ts'
import { type Status, statusError } from './status.ts'

/** The handlers for those who are inside the platform: without a socket, and with a wait for operations. */
export const callServices = (table: () => HandlerTable, operations: Operations): PlatformServices => ({
  call: async (service, method, request, signal = new AbortController().signal) => {
    const handler = table()[serviceNames[service]]?.[method]
    if (!handler) throw statusError('UNIMPLEMENTED', `${service}.${method} is not implemented by the embedded platform`)
    return handler(request, { signal })
  },
  finish: async (operation, signal) => {
    const name = String(operation.name)
    const ended = operation.done === true ? operation : await operations.wait(name, undefined, signal)
    signal?.throwIfAborted()
    if (!ended) throw statusError('NOT_FOUND', `There is no operation ${name}`)
    if (ended.done !== true) throw statusError('ABORTED', `The platform stopped before ${name} was done`)
    const { code, message } = (ended.error ?? {}) as Partial<Status>
    if (code !== undefined) throw Object.assign(new Error(message), { code, details: message })
    const { '@type': _, ...response } = (ended.response ?? {}) as Message
    return response
  },
})
