import type { Json } from '../../../domain/json.ts'

/** The messages that have a JSON form of their own (RFC 3339 times, `3s`, `a,b`) and are `{seconds, nanos}` and `{paths}` inside. */
interface Form {
  /** Undefined where the text is none. */
  readonly read: (text: string) => Json | undefined
  readonly write: (value: Readonly<Record<string, Json | undefined>>) => string
}

const second = 1_000_000_000n
const timestampForm = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/
const durationForm = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/

const nanosOf = (fraction = ''): number => Number(fraction.padEnd(9, '0'))

/** None, three, six or nine digits, as protobuf's JSON has it. */
const fractionOf = (nanos: number): string => {
  if (nanos === 0) return ''
  const digits = String(nanos).padStart(9, '0')
  return `.${digits.replace(/(?:000){1,2}$/, '')}`
}

const readTimestamp = (text: string): Json | undefined => {
  const found = timestampForm.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction, zone = 'Z'] = found
  const whole = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const milliseconds = Date.parse(`${whole}${zone.toUpperCase()}`)
  // Date.parse takes the 30th of February for the 2nd of March.
  const written = Date.parse(`${whole}Z`)
  if (Number.isNaN(milliseconds) || Number.isNaN(written) || !new Date(written).toISOString().startsWith(whole))
    return undefined
  return { seconds: String(milliseconds / 1_000), nanos: nanosOf(fraction) }
}

const readDuration = (text: string): Json | undefined => {
  const found = durationForm.exec(text)
  if (!found) return undefined
  const [, sign, seconds = '0', fraction] = found
  const negative = sign === '-'
  const nanos = nanosOf(fraction)
  return { seconds: String(BigInt(seconds) * (negative ? -1n : 1n)), nanos: negative && nanos > 0 ? -nanos : nanos }
}

const writeDuration = ({ seconds, nanos }: Readonly<Record<string, Json | undefined>>): string => {
  const total = BigInt(String(seconds ?? 0)) * second + BigInt(Number(nanos ?? 0))
  const [sign, size] = total < 0n ? ['-', -total] : ['', total]
  return `${sign}${size / second}${fractionOf(Number(size % second))}s`
}

const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export const wellKnown: Readonly<Record<string, Form>> = {
  'google.protobuf.Timestamp': {
    read: readTimestamp,
    write: ({ seconds, nanos }) => {
      const whole = new Date(Number(seconds ?? 0) * 1_000).toISOString().slice(0, 19)
      return `${whole}${fractionOf(Number(nanos ?? 0))}Z`
    },
  },
  'google.protobuf.Duration': { read: readDuration, write: writeDuration },
  'google.protobuf.FieldMask': {
    read: (text) => ({ paths: text === '' ? [] : text.split(',').map((path) => snake(path.trim())) }),
    write: ({ paths }) => ((paths ?? []) as readonly string[]).map(camel).join(','),
  },
}

/** Any JSON, kept as it is. */
export const freeForms: ReadonlySet<string> = new Set([
  'google.protobuf.Struct',
  'google.protobuf.Value',
  'google.protobuf.ListValue',
])

/** `{value}` inside, the bare value in JSON. */
export const isWrapper = (type: string): boolean =>
  /^google\.protobuf\.(Double|Float|U?Int(32|64)|Bool|String|Bytes)Value$/.test(type)
