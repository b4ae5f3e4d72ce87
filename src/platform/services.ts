import type { JsonObject } from '../domain/json.ts'

/**
 * What every face of the platform and its inside share: requests, responses and resources are plain JSON in the shape
 * of Vertex AI's v1 messages. Field names are camelCase, enums are strings, int64 are strings, Timestamps and
 * Durations are `{seconds, nanos}`, a FieldMask is `{paths}`; google.protobuf.Struct and Value are the JSON that they
 * stand for (not `{fields}` or `{stringValue}`), and an Any is the message with its `@type`.
 */
export type Message = JsonObject

interface CallContext {
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal
}

/** Throws a statusError (or a Fault, which statusOf translates) where the request cannot be met. */
export type Handler = (request: Message, call: CallContext) => Promise<Message>

/** `{ 'google.cloud.aiplatform.v1.ModelService': { getModel, … } }`; methods in camelCase. */
export type HandlerTable = Readonly<Record<string, Readonly<Record<string, Handler>>>>

/** The names of the services that the platform has handlers for; `call` also takes them without their package. */
export const serviceNames = {
  PipelineService: 'google.cloud.aiplatform.v1.PipelineService',
  DatasetService: 'google.cloud.aiplatform.v1.DatasetService',
  ModelService: 'google.cloud.aiplatform.v1.ModelService',
  EndpointService: 'google.cloud.aiplatform.v1.EndpointService',
  PredictionService: 'google.cloud.aiplatform.v1.PredictionService',
  JobService: 'google.cloud.aiplatform.v1.JobService',
  Operations: 'google.longrunning.Operations',
} as const
type ServiceName = keyof typeof serviceNames

/** How the inside of the platform (native components) uses it: the same handlers as everybody, without a socket. */
export interface PlatformServices {
  /**
   * `call('ModelService', 'getModel', {name})`. Throws what the handler throws: a statusError with a gRPC `code`
   * and its message in `details`.
   */
  call(service: ServiceName, method: string, request: Message, signal?: AbortSignal): Promise<Message>
  /**
   * Waits until a long-running operation (as `call` returned it) is done and gives its response without `@type`;
   * throws a statusError with the operation's code where it failed.
   */
  finish(operation: Message, signal?: AbortSignal): Promise<Message>
}
