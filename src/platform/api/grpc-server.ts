import * as grpc from '@grpc/grpc-js'
import * as protoLoader from '@grpc/proto-loader'
import { Fault } from '../../domain/errors.ts'
import type { Log } from '../../log.ts'
import type { Handler, HandlerTable } from '../services.ts'
import { statusCodes, statusOf } from '../status.ts'
import { apiVersions, inVersion } from './api-version.ts'
import type { Method, Schema } from './schema.ts'
import { type Codec, createWire, type Wire, type WireMessage } from './wire.ts'

export interface GrpcServer {
  readonly port: number
  /** Takes no new calls, lets those under way end, and cuts them off after `graceMs`. */
  close(graceMs?: number): Promise<void>
}

/** As the real service: room for instances and compiled pipelines, yet bounded. */
const maxMessageBytes = 64 * 1024 * 1024

/** Puts the table of handlers on a port as Vertex AI's gRPC API, v1 and v1beta1; calls wait until `ready`. Port 0 takes any. Fault `port_taken`. */
export const listenGrpc = async (
  handlers: HandlerTable,
  { schema, host, port, log, ready }: { schema: Schema; host: string; port: number; log: Log; ready: Promise<void> },
): Promise<GrpcServer> => {
  const definitions = protoLoader.fromJSON(schema.json as Parameters<typeof protoLoader.fromJSON>[0], {
    longs: String,
    enums: String,
    defaults: false,
    oneofs: false,
  })
  const server = new grpc.Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
  })
  for (const version of apiVersions) {
    const wire = createWire(schema, codecOf(definitions), version)
    for (const [service, methods] of Object.entries(handlers)) {
      const name = inVersion(service, version)
      if (version !== 'v1' && name === service) continue
      const types = schema.methods(service)
      const served: Record<string, grpc.MethodDefinition<WireMessage, WireMessage>> = {}
      const implementation: grpc.UntypedServiceImplementation = {}
      for (const [rpc, method] of Object.entries(definitions[service] as grpc.ServiceDefinition)) {
        const { originalName = rpc, requestStream, responseStream } = method
        if (requestStream || responseStream) continue
        const { request, response } = types.get(originalName) as Method
        const handler = methods[originalName] ?? unimplemented(service, rpc)
        served[rpc] = { ...method, path: `/${name}/${rpc}` }
        implementation[rpc] = unary({ handler, wire, request, response, log, ready, method: `${name}/${rpc}` })
      }
      server.addService(served, implementation)
    }
  }
  const bound = await bind(server, host, port)
  return { port: bound, close: (graceMs = 5_000) => shutDown(server, graceMs) }
}

interface Call {
  readonly handler: Handler
  readonly wire: Wire
  readonly request: string
  readonly response: string
  readonly method: string
  readonly log: Log
  readonly ready: Promise<void>
}

const unary =
  ({ handler, wire, request, response, method, log, ready }: Call): grpc.handleUnaryCall<WireMessage, WireMessage> =>
  async (call, callback) => {
    const hangUp = new AbortController()
    call.on('cancelled', () => hangUp.abort())
    try {
      await ready
      const answer = await handler(wire.fromWire(request, call.request), { signal: hangUp.signal })
      callback(null, wire.toWire(response, answer))
    } catch (error) {
      const { code, message } = statusOf(error)
      if (code === statusCodes.INTERNAL) log.error({ method, error }, 'the platform failed to answer')
      callback({ code, details: message })
    }
  }

const unimplemented =
  (service: string, rpc: string): Handler =>
  async () => {
    throw Object.assign(new Error(rpc), {
      code: statusCodes.UNIMPLEMENTED,
      details: `${service}/${rpc} is not implemented by the embedded platform`,
    })
  }

const codecOf = (definitions: protoLoader.PackageDefinition): Codec => {
  const typed = (type: string) => {
    const definition = definitions[type]
    if (!definition || !('serialize' in definition) || typeof definition.serialize !== 'function')
      throw new Error(`No message is called ${type}`)
    return definition as unknown as {
      serialize(message: WireMessage): Buffer
      deserialize(bytes: Buffer): WireMessage
    }
  }
  return {
    encode: (type, message) => typed(type).serialize(message),
    decode: (type, bytes) => typed(type).deserialize(Buffer.from(bytes)),
  }
}

const bind = (server: grpc.Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    // The fault says it; the library would print a line of its own besides.
    grpc.setLogVerbosity(grpc.logVerbosity.NONE)
    server.bindAsync(`${host}:${port}`, grpc.ServerCredentials.createInsecure(), (error, bound) => {
      grpc.setLogVerbosity(grpc.logVerbosity.ERROR)
      if (!error) return resolve(bound)
      reject(
        new Fault('port_taken', `The platform cannot listen on ${host}:${port}: ${error.message}`, {
          remedy: `Stop what listens on port ${port}, or give the platform another port (0 takes any free one).`,
          cause: error,
        }),
      )
    })
  })

const shutDown = (server: grpc.Server, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs)
    server.tryShutdown(() => {
      clearTimeout(timer)
      resolve()
    })
  })
