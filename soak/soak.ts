import { setTimeout as pause } from 'node:timers/promises'
import { type Account, drawAccount } from './account.ts'
import {
  askOpen,
  countOpen,
  countWaiting,
  listJobs,
  openReader,
  type Reader,
  readBooks,
  readReport,
  readSum,
} from './books.ts'
import { chooseSenders } from './choose-senders.ts'
import { type House, openHouse } from './house.ts'
import { leakFrom, type MemoryOfRole, memoryOf, residentMemory, type Sample } from './memory.ts'
import type { Options } from './options.ts'
import { makePlan } from './plan.ts'
import { emptyRecord, recordTicks, type SentRecord } from './record.ts'
import { sendAll } from './send-all.ts'
import type { Happening } from './sender.ts'

export interface Result {
  readonly options: Options
  readonly blows: Readonly<Record<string, number>>
  /** Seconds of sending, and until nothing was open afterwards. */
  readonly seconds: { readonly sending: number; readonly settling: number }
  readonly account: Account
  readonly memory: Readonly<Record<string, MemoryOfRole>>
  /** All that must not be: of the account, the processes and their memory. */
  readonly failures: readonly string[]
  readonly folder: string
}

const lanes = 16
const sampleEvery = 1_000
/** Changes without an outcome from which on the senders hold back. */
const mostWaiting = 400
const lookEvery = 500

/** Sends everything, lets everything befall, waits until nothing is open, and holds both sides against each other. */
export const soak = async (options: Options, say: (line: string) => void): Promise<Result> => {
  const deadline = Date.now() + options.minutes * 60_000
  const house = await openHouse(options.store, chooseSenders(say), options.changes)
  // An embedded store has one owner.
  const live = house.databaseUrl === undefined ? undefined : await openReader(house.databaseUrl, house.dataFolder)
  let failed = true
  try {
    const plan = makePlan(house.senders, { ...options, blows: house.blows })
    const record = emptyRecord()
    const samples: Sample[] = []
    let sent = 0
    const sampling = setInterval(() => void sample(house, samples, () => sent), sampleEvery)
    const began = Date.now()
    say(`${options.changes} sendings from ${house.senders.length} senders, in ${house.folder}`)
    await sendAll(plan, record, {
      url: house.url,
      token: await house.token(),
      lanes,
      turn: createTurns(house, live, await house.token()),
      strike: async (blow) => {
        say(`  after ${sent}: ${blow}`)
        if (blow !== 'kill worker' && blow !== 'flush Redis') record.lapses.push(Date.now())
        await house.strike(blow)
      },
      onSent: (count) => {
        sent = count
        if (count % Math.max(500, Math.round(options.changes / 20)) === 0)
          say(`  ${count} sent in ${Math.round((Date.now() - began) / 1_000)} s`)
      },
    })
    const ended = Date.now()
    const account = await close(house, live, record, deadline, say)
    clearInterval(sampling)
    const memory = memoryOf(samples)
    const failures = [
      ...account.failures,
      ...Object.entries(memory).flatMap(([role, { leaks, slope }]) =>
        leaks ? [`${role} grows by ${slope?.toFixed(1)} MiB for each 1,000 changes, which is over ${leakFrom}`] : [],
      ),
    ]
    failed = failures.length > 0
    return {
      options,
      blows: countBlows(plan.blows),
      seconds: { sending: (ended - began) / 1_000, settling: account.settling },
      account: account.account,
      memory,
      failures,
      folder: house.folder,
    }
  } finally {
    await house.close(failed || options.keep)
  }
}

/** Lets senders on while few changes wait for their outcome; asks at most twice a second, and lets on where nobody answers. */
const createTurns = (house: House, reader: Reader | undefined, token: string): (() => Promise<void>) => {
  let looking: Promise<void> | undefined
  let looked = 0
  const look = async (): Promise<void> => {
    for (;;) {
      const waiting = await countWaiting(reader, house.url, token).catch(() => 0)
      looked = Date.now()
      if (waiting < mostWaiting) return
      await pause(lookEvery)
    }
  }
  return () => {
    if (looking === undefined && Date.now() - looked < lookEvery) return Promise.resolve()
    looking ??= look().finally(() => {
      looking = undefined
    })
    return looking
  }
}

const countBlows = (blows: readonly { readonly blow: string }[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { blow } of blows) counts[blow] = (counts[blow] ?? 0) + 1
  return counts
}

const sample = async (house: House, samples: Sample[], sent: () => number): Promise<void> => {
  for (const one of house.processes) {
    const pid = one.pid()
    const mebibytes = pid === undefined ? undefined : await residentMemory(pid)
    if (mebibytes !== undefined) samples.push({ role: one.role, life: one.lives(), sent: sent(), mebibytes })
  }
}

/** Waits until nothing is open, ends the processes, and reads what they left. */
const close = async (
  house: House,
  live: Reader | undefined,
  record: SentRecord,
  deadline: number,
  say: (line: string) => void,
) => {
  const began = Date.now()
  const told = record.happenings.filter(({ acknowledged }) => acknowledged > 0)
  const token = await house.token()
  const settled = await settle(house, live, token, told, deadline, say)
  const closedAt = Date.now()
  const settling = (Date.now() - began) / 1_000
  const jobs = await listJobs(house.platformPort)
  const sum = await readSum(house.url, token)
  const report = await readReport(house.dataFolder)
  const exits = await house.stop()
  const reader = live ?? (await openReader(undefined, house.dataFolder))
  try {
    for (const { name, happenings } of ticksOf(house, closedAt)) recordTicks(record, name, happenings)
    const books = { ...(await readBooks(reader)), jobs, sum, report }
    const account = drawAccount(record, books)
    const failures = [
      ...(settled ? [] : ['not everything had ended when the time was up']),
      ...account.differences,
      ...house.senders.flatMap(({ name, opened }) =>
        (opened.differences?.(books) ?? []).map((difference) => `${name}: ${difference}`),
      ),
      ...house.processes.flatMap((one) => one.faults()),
      ...Object.entries(exits).flatMap(([role, code]) =>
        code === 0 ? [] : [`${role} ended with ${code} when asked to`],
      ),
    ]
    return { account, failures, settling }
  } finally {
    await reader.end()
  }
}

/** How long nothing may move before the wait is given up. */
const standstill = 120_000
const sayEvery = 15_000
/** How often Winnow asks those who tell nothing, and a little. */
const pollsEvery = 11_000

/** What clocks made happen from the start until then. */
const ticksOf = (
  { senders, since }: House,
  until: number,
): readonly { readonly name: string; readonly happenings: readonly Happening[] }[] =>
  senders.flatMap(({ name, opened }) =>
    opened.clock === undefined ? [] : [{ name, happenings: opened.clock.happenings(since, until) }],
  )

const settle = async (
  house: House,
  reader: Reader | undefined,
  token: string,
  told: readonly Happening[],
  deadline: number,
  say: (line: string) => void,
): Promise<boolean> => {
  let [last, since, said] = ['', Date.now(), 0]
  for (;;) {
    const { open, changes } = await (reader === undefined ? askOpen(house.url, token) : countOpen(reader))
    const ticks = ticksOf(house, Date.now()).flatMap(({ happenings }) => happenings)
    const expected = [...told, ...ticks].filter(({ unsure }) => unsure !== true).length
    const now = `${open} open, ${changes} of ${expected} changes`
    if (now !== last) [last, since] = [now, Date.now()]
    const rests = house.senders.every(({ opened }) => opened.clock?.rests(Date.now()) ?? true)
    // Some that need not come may stand for some that are still to be found.
    const found = changes >= expected && Date.now() - since > pollsEvery
    if (open === 0 && found && rests) return true
    if (Date.now() - said > sayEvery) {
      said = Date.now()
      say(`  ${now}`)
    }
    if (Date.now() > deadline || Date.now() - since > standstill) return false
    await pause(500)
  }
}
