import type { Json } from '../../domain/json.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Duration } from '../../domain/time.ts'
import type { Database } from './database.ts'
import { storedJson, withoutNul } from './rows.ts'

const keptFor: Duration = 90 * 86_400_000
const mostRead = 200_000
/** Rows of one statement: a driver takes 65,535 parameters at most. */
const atOnce = 5_000

export const createFeedback = (db: Database): Pick<Store, 'feedback' | 'recordFeedback'> => ({
  recordFeedback: async ({ target, endpoint }, labels, at) => {
    // One statement may not write a row twice: the last label of a request stands.
    const byRequest = new Map(labels.map(({ request, labels: said }) => [withoutNul(request), said]))
    const rows = [...byRequest].map(([request, said]) => ({ target, endpoint, request, at, labels: storedJson(said) }))
    await db.transaction().execute(async (trx) => {
      for (let from = 0; from < rows.length; from += atOnce)
        await trx
          .insertInto('feedback')
          .values(rows.slice(from, from + atOnce))
          .onConflict((conflict) =>
            conflict.columns(['target', 'endpoint', 'request']).doUpdateSet(({ ref }) => ({
              labels: ref('excluded.labels'),
              at: ref('excluded.at'),
            })),
          )
          .execute()
      await trx
        .deleteFrom('feedback')
        .where('target', '=', target)
        .where('endpoint', '=', endpoint)
        .where('at', '<', String(at - keptFor))
        .execute()
    })
  },
  feedback: async ({ target, endpoint }) => {
    const rows = await db
      .selectFrom('feedback')
      .select(['request', 'labels'])
      .where('target', '=', target)
      .where('endpoint', '=', endpoint)
      .orderBy('at', 'desc')
      .limit(mostRead)
      .execute()
    return rows.map(({ request, labels }) => ({ request, labels: labels as readonly Json[] }))
  },
})
