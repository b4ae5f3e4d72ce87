import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Digest } from '../domain/digest.ts'
import { Fault, messageOf } from '../domain/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { Receipt } from '../domain/verdict.ts'
import { whyNot } from '../domain/why-not.ts'
import { readKept } from '../judging/answers/keep-predictions.ts'
import type { PastVerdict } from '../judging/past/backtest.ts'
import type { ReadKept } from '../judging/past/judge-receipt.ts'
import type { Client } from './client.ts'

/** The controller's list of verdicts ends here. */
export const mostVerdicts = 1_000

/** Past verdicts, and where their evidence is kept. */
export interface Past {
  readonly verdicts: readonly PastVerdict[]
  readonly readKept: ReadKept
}

/** A verdict that the controller has: all of them, or one by its number. */
export const verdictsOfController = async (client: Client, verdict?: string): Promise<Past> => {
  const answer = await client.get<{ readonly verdict?: Json; readonly verdicts?: Json }>(
    verdict === undefined ? `/verdicts?limit=${mostVerdicts}&live=true` : `/verdicts/${encodeURIComponent(verdict)}`,
  )
  return {
    verdicts: recordsIn(answer as JsonObject).flatMap(pastVerdict),
    readKept: (digest: Digest) => client.bytes(`/verdict-evidence/${digest}`),
  }
}

/**
 * Verdicts in a file or a folder of files (*.json), as `winnow explain RUN --json` prints them; a list of such, or bare
 * receipts, do too. Their evidence is in the folder that is named, else in `verdict-evidence` beside the files.
 */
export const verdictsOfFiles = async (path: string, evidence: string | undefined): Promise<Past> => {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    (cause: unknown) => {
      throw new Fault('usage', `${path} cannot be read: ${whyNot(cause)}`, { cause })
    },
  )
  const files = isFolder
    ? (await readdir(path))
        .filter((name) => name.endsWith('.json'))
        .sort()
        .map((name) => join(path, name))
    : [path]
  const verdicts: PastVerdict[] = []
  for (const file of files) {
    const found = recordsIn(await readJson(file)).flatMap(pastVerdict)
    if (found.length === 0)
      throw new Fault('usage', `${file} holds no receipt`, {
        remedy: 'Make it with `winnow explain RUN --json`.',
      })
    verdicts.push(...found)
  }
  const folder = evidence ?? join(isFolder ? path : dirname(path), 'verdict-evidence')
  return { verdicts, readKept: (digest) => readKept(folder, digest) }
}

const readJson = async (file: string): Promise<Json> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Json
  } catch (error) {
    const why = error instanceof SyntaxError ? `it is no JSON: ${messageOf(error)}` : whyNot(error)
    throw new Fault('usage', `${file} cannot be read: ${why}`, { cause: error })
  }
}

/** Everything that may be a verdict, out of the shapes that it is written in. */
const recordsIn = (value: Json): readonly JsonObject[] => {
  if (Array.isArray(value)) return value.flatMap(recordsIn)
  if (!isJsonObject(value)) return []
  if (Array.isArray(value['verdicts'])) return recordsIn(value['verdicts'])
  if (isJsonObject(value['verdict'])) return [{ live: value['live'] ?? null, ...value['verdict'] }]
  return [value]
}

const pastVerdict = (record: JsonObject): readonly PastVerdict[] => {
  const receipt = isReceipt(record['receipt']) ? record['receipt'] : record
  if (!isReceipt(receipt)) return []
  const { judged } = receipt
  const { live } = record
  return [
    {
      verdict: typeof record['id'] === 'number' ? record['id'] : null,
      run: judged?.run ?? (typeof record['run'] === 'number' ? record['run'] : null),
      model: judged?.model ?? (typeof record['model'] === 'string' ? record['model'] : null),
      at: judged?.at ?? (typeof record['judgedAt'] === 'number' ? record['judgedAt'] : null),
      receipt,
      live: isJsonObject(live) && isJsonObject(live['metrics']) ? (live['metrics'] as Record<string, number>) : null,
    },
  ]
}

const isReceipt = (value: unknown): value is Receipt & JsonObject =>
  isJsonObject(value) &&
  Array.isArray(value['gates']) &&
  typeof value['outcome'] === 'string' &&
  isJsonObject(value['policy']) &&
  isJsonObject(value['evidence'])
