import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { Fault, messageOf } from '../../domain/errors.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import type { RequestLabels } from '../../domain/ports.ts'
import { type ClientOptions, connect } from '../client.ts'
import { print, printJson } from '../table.ts'
import { whyNot } from '../why-not.ts'

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
  let recorded = 0
  for (let from = 0; from < labels.length; from += atOnce) {
    const part = labels.slice(from, from + atOnce).map(({ request, labels: said }) => ({ request, labels: said }))
    const path = `/endpoints/${encodeURIComponent(endpoint)}/feedback`
    recorded += (await client.post<{ recorded: number }>(path, { labels: part })).recorded
  }
  if (options.json) return printJson({ endpoint, recorded })
  print(`${recorded} requests of ${endpoint} have labels now; \`winnow live ${endpoint}\` shows what they say`)
}

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
