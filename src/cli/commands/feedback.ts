import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { Fault, messageOf } from '../../domain/errors.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import type { LabelCheck, NamedRequests, RequestLabels } from '../../domain/ports/request-log.ts'
import { whyNot } from '../../domain/why-not.ts'
import { type ClientOptions, connect } from '../client.ts'
import { print, printJson } from '../table.ts'

/** Labels that are sent at once. */
const atOnce = 10_000

/** `winnow feedback ENDPOINT FILE`: lines of `{"request": "…", "labels": ["SEKER"]}` */
export const feedback = async (
  endpoint: string,
  file: string,
  options: ClientOptions & { readonly json?: boolean },
): Promise<void> => {
  const labels = parseLabels(await read(file), file)
  const client = await connect(options)
  const answers: Answer[] = []
  for (let from = 0; from < labels.length; from += atOnce) {
    const part = labels.slice(from, from + atOnce).map(({ request, labels: said }) => ({ request, labels: said }))
    const path = `/endpoints/${encodeURIComponent(endpoint)}/feedback?check=true`
    answers.push(await client.post<Answer>(path, { labels: part }))
  }
  const recorded = answers.reduce((sum, answer) => sum + answer.recorded, 0)
  const check = answers.map((answer) => answer.check).reduce(together)
  if (options.json) return printJson({ endpoint, recorded, check: check ?? null })
  print(`${requests(recorded)} of ${endpoint} recorded; \`winnow live ${endpoint}\` shows what the labels say`)
  for (const line of check === undefined ? [] : wordsOf(check)) print(line)
}

interface Answer {
  readonly recorded: number
  /** A controller of before does not check. */
  readonly check?: ({ readonly ok: true } & LabelCheck) | { readonly ok: false; readonly reason: string }
}

/** What two parts of a file come to. */
const together = (a: Answer['check'], b: Answer['check']): Answer['check'] => {
  if (!a?.ok || !b?.ok) return a?.ok ? b : a
  const both = (one: NamedRequests, other: NamedRequests): NamedRequests => ({
    count: one.count + other.count,
    first: [...one.first, ...other.first].slice(0, Math.max(one.first.length, other.first.length)),
  })
  return {
    ok: true,
    unknown: both(a.unknown, b.unknown),
    unanswered: both(a.unanswered, b.unanswered),
    otherNumber: both(a.otherNumber, b.otherNumber),
    foreign: both(a.foreign, b.foreign),
  }
}

const wordsOf = (check: NonNullable<Answer['check']>): readonly string[] => {
  if (!check.ok) return [`Whether they fit cannot be told: ${check.reason}.`]
  const told = ({ count, first }: NamedRequests, what: string): readonly string[] =>
    count === 0 ? [] : [`  ${requests(count)} ${what}: ${first.join(', ')}${count > first.length ? ', …' : ''}`]
  return [
    ...told(check.unknown, 'not among those that are logged (yet)'),
    ...told(check.unanswered, 'without an answer in the log'),
    ...told(check.otherNumber, 'with another number of labels than it had instances, which count for nothing'),
    ...told(check.foreign, 'with a label that the model cannot give, such as a class that it does not know'),
  ]
}

const requests = (count: number): string => `${count} ${count === 1 ? 'request' : 'requests'}`

const read = async (file: string): Promise<string> => {
  if (file === '-') return text(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('usage', `${file} cannot be read: ${whyNot(cause)}`, { cause })
  }
}

const expected = 'expected {"request": "ID", "labels": [LABEL, …]}, with one label for each instance of the request'

const parseLabels = (content: string, file: string): readonly RequestLabels[] => {
  const lines = content.split('\n').map((line, i) => ({ line: line.trim(), number: i + 1 }))
  const labels = lines.filter(({ line }) => line !== '').map(({ line, number }) => parseLine(line, `${file}:${number}`))
  if (labels.length === 0) throw new Fault('usage', `${file} holds no labels`, { remedy: `In each line, ${expected}.` })
  return labels
}

const parseLine = (line: string, place: string): RequestLabels => {
  let value: Json
  try {
    value = JSON.parse(line) as Json
  } catch (cause) {
    throw new Fault('usage', `${place}: it is no JSON: ${messageOf(cause)}`, { cause })
  }
  const { request, label } = isJsonObject(value) ? value : {}
  // One instance a request is the usual case.
  const labels =
    isJsonObject(value) && value['labels'] === undefined && label !== undefined
      ? [label]
      : (value as { labels?: Json })?.labels
  if (typeof request !== 'string' || request === '' || !Array.isArray(labels) || !labels.every(isLabel))
    throw new Fault('usage', `${place}: ${expected}, got ${line.length > 80 ? `${line.slice(0, 80)}…` : line}`)
  return { request, labels }
}

const isLabel = (value: Json): boolean => value === null || typeof value !== 'object'
