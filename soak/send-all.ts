import { setTimeout as pause } from 'node:timers/promises'
import type { Plan, Sending } from './plan.ts'
import { countIn, createEntries, refusedAs, type SentRecord } from './record.ts'
import type { Answer, CountedAs } from './sender.ts'

export interface SendingSite {
  readonly url: string
  readonly token: string
  /** Sends at once. */
  readonly lanes: number
  /** Resolves when the next may be sent: what befalls is to befall work, not what waits for it. */
  readonly turn: () => Promise<void>
  readonly strike: (blow: Plan['blows'][number]['blow']) => Promise<void>
  readonly onSent: (count: number) => void
}

/** How long a sender tries one delivery. */
const patience = 180_000
const pauses = [100, 200, 500, 1_000]

/** Sends all of a plan, and lets befall what it says; what was sent and answered is written into the record. */
export const sendAll = async ({ sendings, blows }: Plan, record: SentRecord, site: SendingSite): Promise<void> => {
  const entriesOf = createEntries(record)
  let next = 0
  let sent = 0
  let struck = 0
  let striking: Promise<void> = Promise.resolve()

  const strikeDue = (): void => {
    for (let blow = blows[struck]; blow !== undefined && blow.after <= sent; blow = blows[struck]) {
      struck += 1
      const due = blow
      // One after the other, while the sending goes on.
      striking = striking.then(() => site.strike(due.blow))
    }
  }
  const lane = async (): Promise<void> => {
    for (let sending = sendings[next]; sending !== undefined; sending = sendings[next]) {
      next += 1
      await site.turn()
      await sendOne(sending, record, entriesOf, site)
      sent += 1
      site.onSent(sent)
      strikeDue()
    }
  }
  await Promise.all(Array.from({ length: site.lanes }, lane))
  await striking
}

const sendOne = async (
  sending: Sending,
  record: SentRecord,
  entriesOf: ReturnType<typeof createEntries>,
  site: SendingSite,
): Promise<void> => {
  const what = sending.kind === 'delivery' ? sending.delivery : sending.forgery
  countIn(record.sent, what.sender)
  const copy = sending.kind === 'delivery' ? sending.copy : 0
  const counted = sending.kind === 'forgery' ? sending.forgery.counted : undefined
  const answer = await until(record, counted, (now) => what.send({ url: site.url, token: site.token, now, copy }))
  if (answer.kind === 'again') record.unanswered.push(`${what.sender}: ${answer.why}`)
  if (sending.kind === 'forgery') {
    const { forgery } = sending
    if (answer.kind === 'refused') record.refused.push(refusedAs(forgery, answer.status, Date.now()))
    if (answer.kind === 'acknowledged') record.believed.push({ sender: forgery.sender, how: forgery.how })
    return
  }
  const entries = entriesOf(sending.delivery)
  if (answer.kind === 'refused')
    record.refused.push({ sender: what.sender, how: 'genuine', status: answer.status, right: false, at: Date.now() })
  if (answer.kind !== 'acknowledged') return
  if (entries.length === 0) countIn(record.nothings, what.sender)
  for (const [i, entry] of entries.entries()) {
    entry.acknowledged += 1
    const told = answer.changes?.[i]
    if (told === undefined) continue
    entry.ids.add(told.id)
    if (!told.duplicate) entry.fresh += 1
  }
}

/** Tries again as senders do, until there is an answer or no patience. */
const until = async (
  record: SentRecord,
  counted: CountedAs | undefined,
  send: (now: number) => Promise<Answer>,
): Promise<Answer> => {
  const end = Date.now() + patience
  for (let attempt = 0; ; attempt += 1) {
    const answer = await send(Date.now())
    if (answer.kind !== 'again' || Date.now() > end) return answer
    countIn(record.again, answer.why)
    if (counted !== undefined) record.mute.push(counted)
    await pause(pauses[Math.min(attempt, pauses.length - 1)])
  }
}
