import { z } from 'zod'
import { parseJsonBody } from '../domain/json-body.ts'
import { describeShape } from './object-shape.ts'

/** What came over HTTP, or in a message with attributes: a header, '' where it is missing, and the body as JSON. */
export interface CarriedEvents {
  readonly header: (name: string) => string
  readonly body: unknown
}

export interface CloudEvent {
  readonly type: string
  readonly source: string
  /** '' where it has none. */
  readonly subject: string
  readonly data: unknown
}

export type CloudEvents =
  | { readonly ok: true; readonly events: readonly CloudEvent[] }
  | { readonly ok: false; readonly reason: string }

const mostInBatch = 1_000

const attribute = z.string().min(1).max(2_000)
const Context = z.object({
  specversion: z.literal('1.0'),
  id: attribute,
  source: attribute,
  type: attribute,
  subject: z.string().max(2_000).optional(),
})
const Structured = Context.extend({ data: z.unknown().optional(), data_base64: z.base64().optional() })

/** The three ways in which HTTP carries CloudEvents 1.0: structured, batched, and binary, by the content type. */
export const readCloudEvents = ({ header, body }: CarriedEvents): CloudEvents => {
  const type = mediaTypeOf(header('content-type'))
  if (type === 'application/cloudevents+json') return combine([readStructured(body)])
  if (type === 'application/cloudevents-batch+json') {
    if (!Array.isArray(body)) return wrong('body: is no list, though the content type says that it is a batch')
    if (body.length > mostInBatch) return wrong(`body: has more than ${mostInBatch} events`)
    return combine(body.map(readStructured))
  }
  if (type.startsWith('application/cloudevents')) return wrong(`content-type: Winnow reads no ${type}`)
  return readBinary(type, header, body)
}

const wrong = (reason: string): CloudEvents => ({ ok: false, reason })

const mediaTypeOf = (contentType: string): string => contentType.split(';')[0]?.trim().toLowerCase() ?? ''

const isJson = (type: string): boolean =>
  type === '' || type === 'application/json' || type === 'text/json' || type.endsWith('+json')

const combine = (read: readonly CloudEvents[]): CloudEvents =>
  read.find(({ ok }) => !ok) ?? { ok: true, events: read.flatMap((one) => (one.ok ? one.events : [])) }

/** Whether a body looks like a CloudEvent, whatever it is labelled as. */
export const isStructured = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'specversion' in body

export const readStructured = (body: unknown): CloudEvents => {
  const read = Structured.safeParse(body)
  if (!read.success) return wrong(describeShape(read.error))
  const { type, source, subject = '', data, data_base64 } = read.data
  if (data_base64 === undefined) return { ok: true, events: [{ type, source, subject, data }] }
  if (data !== undefined) return wrong('data: stands beside data_base64')
  // What was hidden in text nests as deep as it likes.
  const json = parseJsonBody(Buffer.from(data_base64, 'base64'))
  return json.ok
    ? { ok: true, events: [{ type, source, subject, data: json.value }] }
    : wrong('data_base64: is no JSON, or nests too deep')
}

const readBinary = (mediaType: string, header: CarriedEvents['header'], data: unknown): CloudEvents => {
  const given = (name: string): string | undefined => unescaped(header(`ce-${name}`)) || undefined
  const read = Context.safeParse({
    specversion: given('specversion'),
    id: given('id'),
    source: given('source'),
    type: given('type'),
    subject: given('subject'),
  })
  if (!read.success) return wrong(`ce- headers: ${describeShape(read.error)}`)
  if (!isJson(mediaType)) return wrong(`content-type: is ${mediaType.slice(0, 100)}, and Winnow reads JSON only`)
  const { subject = '', source, type } = read.data
  return { ok: true, events: [{ type, source, subject, data }] }
}

/** Headers carry other than plain characters percent-encoded. */
const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
