import { isJsonObject, type Json } from '../../domain/json.ts'
import type { LiveRequest } from '../../domain/ports/request-log.ts'
import type { Predictions } from '../predictions/predictions.ts'

/** What a deployed model did while it served; plain data that may cross into a thread. */
export interface LiveModel {
  readonly requests: number
  /** Requests that it did not answer; null where only answers are logged. */
  readonly errors: number | null
  /** Milliseconds of each answer, sorted. */
  readonly latencies: Float64Array
  /** What it decided, instance by instance: how often each class, or each number, sorted. Null where nothing was logged. */
  readonly decided: Decided | null
  /** The answers whose truth became known; null where none did. */
  readonly labelled: Predictions | null
}

export type Decided =
  | { readonly kind: 'classes'; readonly counts: Readonly<Record<string, number>>; readonly total: number }
  | { readonly kind: 'numbers'; readonly sorted: Float64Array }

/** Labels by request, one for each of its instances. */
export type Labels = ReadonlyMap<string, readonly Json[]>

export const liveModelOf = (
  requests: readonly LiveRequest[],
  labels: Labels,
  { answeredOnly = false }: { readonly answeredOnly?: boolean } = {},
): LiveModel => {
  const answered = requests.filter(({ ok }) => ok)
  const answers = answered.flatMap((request) => answersOf(request, labels.get(request.id)))
  return {
    requests: requests.length,
    errors: answeredOnly ? null : requests.length - answered.length,
    latencies: Float64Array.from(answered.flatMap(({ latency }) => (latency === null ? [] : [latency]))).sort(),
    decided: decidedOf(answers),
    labelled: labelledOf(answers),
  }
}

/** The answer to one instance. */
interface Answer {
  readonly decided: string | number
  /** By class, where the model gives them. */
  readonly scores: ReadonlyMap<string, number> | null
  readonly truth: string | number | null
}

const answersOf = ({ predictions }: LiveRequest, truths: readonly Json[] | undefined): readonly Answer[] =>
  (predictions ?? []).flatMap((prediction, i) => {
    const read = readPrediction(prediction)
    if (read === undefined) return []
    const truth = truths?.length === predictions?.length ? truths?.[i] : undefined
    return [{ ...read, truth: truthFor(read.decided, truth) }]
  })

/** A class is a text however it is written; a number must be one. */
const truthFor = (decided: string | number, truth: Json | undefined): string | number | null => {
  if (truth === undefined || truth === null || typeof truth === 'object') return null
  if (typeof decided === 'string') return String(truth)
  const value = Number(truth)
  return typeof truth !== 'boolean' && String(truth).trim() !== '' && Number.isFinite(value) ? value : null
}

/** As Vertex AI's models answer: `{classes, scores}`, `{value}`, or the bare class or number. */
export const readPrediction = (prediction: Json): Pick<Answer, 'decided' | 'scores'> | undefined => {
  if (typeof prediction === 'string') return { decided: prediction, scores: null }
  if (typeof prediction === 'number') return { decided: prediction, scores: null }
  if (!isJsonObject(prediction)) return undefined
  const { classes, scores, value } = prediction
  if (typeof value === 'number') return { decided: value, scores: null }
  if (!Array.isArray(classes) || !Array.isArray(scores) || classes.length !== scores.length) return undefined
  const shares = new Map<string, number>()
  let best: string | undefined
  classes.forEach((name, k) => {
    const share = scores[k]
    if (typeof share !== 'number') return
    shares.set(String(name), share)
    if (best === undefined || share > (shares.get(best) as number)) best = String(name)
  })
  return best === undefined ? undefined : { decided: best, scores: shares }
}

/** Whether a label is one that the model could have given: of its classes, or a number; one that is not known fits. */
export const fitsAnswer = (
  answer: Pick<Answer, 'decided' | 'scores'> | undefined,
  label: Json | undefined,
): boolean => {
  if (answer === undefined || label === undefined || label === null) return true
  const truth = truthFor(answer.decided, label)
  return truth !== null && (answer.scores === null || answer.scores.has(String(truth)))
}

const decidedOf = (answers: readonly Answer[]): Decided | null => {
  const numbers = answers.flatMap(({ decided }) => (typeof decided === 'number' ? [decided] : []))
  if (numbers.length > 0) return { kind: 'numbers', sorted: Float64Array.from(numbers).sort() }
  if (answers.length === 0) return null
  const counts = new Map<string, number>()
  for (const { decided } of answers) counts.set(String(decided), (counts.get(String(decided)) ?? 0) + 1)
  return { kind: 'classes', counts: Object.fromEntries(counts), total: answers.length }
}

const labelledOf = (answers: readonly Answer[]): Predictions | null => {
  const known = answers.filter(({ truth }) => truth !== null)
  if (known.length === 0) return null
  const examples = { rows: known.length, ids: null, columns: {} }
  if (known.every(({ decided }) => typeof decided === 'number'))
    return {
      ...examples,
      kind: 'regression',
      truth: Float64Array.from(known, ({ truth }) => truth as number),
      predicted: Float64Array.from(known, ({ decided }) => decided as number),
      quantiles: [],
    }
  const scored = known.every(({ scores }) => scores !== null)
  const classes = [
    ...new Set(
      known.flatMap(({ decided, truth, scores }) => [...(scores?.keys() ?? []), String(decided), String(truth)]),
    ),
  ].sort()
  const at = new Map(classes.map((name, k) => [name, k]))
  const scores = scored ? new Float64Array(known.length * classes.length) : null
  known.forEach((answer, i) => {
    if (scores !== null)
      for (const [name, share] of answer.scores ?? []) scores[i * classes.length + (at.get(name) as number)] = share
  })
  return {
    ...examples,
    kind: 'classification',
    classes,
    truth: Int32Array.from(known, ({ truth }) => at.get(String(truth)) as number),
    predicted: Int32Array.from(known, ({ decided }) => at.get(String(decided)) as number),
    scores,
  }
}
