import type { LabelCheck, LiveRequest, NamedRequests, RequestLabels } from '../../domain/ports/request-log.ts'
import { fitsAnswer, readPrediction } from './live-model.ts'

const mostNamed = 5

/** What labels come to by the requests that were logged. Where they come to nothing, they are kept all the same: the log may be late. */
export const checkLabels = (requests: readonly LiveRequest[], told: readonly RequestLabels[]): LabelCheck => {
  const logged = new Map(requests.map((request) => [request.id, request]))
  const found = Map.groupBy(told, ({ request, labels }) => fitOf(logged.get(request), labels))
  const named = (fit: Fit): NamedRequests => {
    const all = (found.get(fit) ?? []).map(({ request }) => request)
    return { count: all.length, first: all.slice(0, mostNamed) }
  }
  return {
    unknown: named('unknown'),
    unanswered: named('unanswered'),
    otherNumber: named('otherNumber'),
    foreign: named('foreign'),
  }
}

type Fit = 'fits' | 'unknown' | 'unanswered' | 'otherNumber' | 'foreign'

const fitOf = (request: LiveRequest | undefined, labels: RequestLabels['labels']): Fit => {
  if (request === undefined) return 'unknown'
  const { predictions } = request
  if (predictions === null || predictions.length === 0) return 'unanswered'
  if (predictions.length !== labels.length) return 'otherNumber'
  return predictions.every((prediction, i) => fitsAnswer(readPrediction(prediction), labels[i])) ? 'fits' : 'foreign'
}
