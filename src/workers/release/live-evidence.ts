import type { LabelCheck, LiveFigures, RequestLabels, RequestLog } from '../../domain/ports/request-log.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'
import type { Judging } from '../../judging/port.ts'
import { checkLabels } from '../../policies/live/check-labels.ts'
import { type LiveModel, liveModelOf } from '../../policies/live/live-model.ts'

/** What each model on an endpoint did since then, by its id there; or why that cannot be told. */
export type LiveEvidence =
  | { readonly ok: true; readonly models: ReadonlyMap<string, LiveModel> }
  | { readonly ok: false; readonly reason: string }

/** The logged requests of an endpoint, with the labels that became known of them. */
export const readLive = async (
  store: Pick<Store, 'feedback'>,
  target: { readonly name: string; readonly log: Pick<RequestLog, 'requests'> },
  endpoint: string,
  since: Time,
  signal: AbortSignal,
): Promise<LiveEvidence> => {
  const logged = await target.log.requests(endpoint, since, signal)
  if (!logged.ok) return logged
  const said = await store.feedback({ target: target.name, endpoint })
  const labels = new Map(said.map(({ request, labels: truths }) => [request, truths]))
  const byModel = Map.groupBy(logged.requests, ({ deployedModel }) => deployedModel)
  const models = [...byModel].map(([id, requests]) => [id, liveModelOf(requests, labels, logged)] as const)
  return { ok: true, models: new Map(models) }
}

/** The numbers of every model on an endpoint, for people and for a backtest. */
export const createLiveFigures =
  ({ store, judging }: { readonly store: Pick<Store, 'feedback'>; readonly judging: Pick<Judging, 'judgeLive'> }) =>
  async (
    target: { readonly name: string; readonly log: Pick<RequestLog, 'requests'> },
    endpoint: string,
    since: Time,
    signal: AbortSignal,
  ): Promise<LiveFigures> => {
    const live = await readLive(store, target, endpoint, since, signal)
    if (!live.ok) return live
    const figures: Record<string, Readonly<Record<string, number>>> = {}
    for (const [id, candidate] of live.models) {
      const task = { gates: [], judged: { candidate, champion: null }, level: { meets: 1, misses: 1 }, chance }
      figures[id] = (await judging.judgeLive(task, signal)).metrics
    }
    return { ok: true, models: figures }
  }

/** How labels fit what was logged since then; or why that cannot be told. */
export const checkFeedback = async (
  log: Pick<RequestLog, 'requests'>,
  endpoint: string,
  labels: readonly RequestLabels[],
  since: Time,
  signal: AbortSignal,
): Promise<({ readonly ok: true } & LabelCheck) | { readonly ok: false; readonly reason: string }> => {
  const logged = await log.requests(endpoint, since, signal)
  return logged.ok ? { ok: true, ...checkLabels(logged.requests, labels) } : logged
}

/** Nothing is drawn where nothing is judged. */
const chance = { seed: 1, resamples: 1 }
