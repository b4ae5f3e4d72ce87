import { type BookedChange, type Books, openRunStates } from './booked.ts'
import type { Sent, SentRecord } from './record.ts'
import { refusalCountFaults } from './refusal-counts.ts'

export interface Account {
  readonly sent: number
  readonly acknowledged: {
    /** Happenings, each counted once. */
    readonly distinct: number
    readonly duplicates: number
    /** Deliveries with nothing to record. */
    readonly nothings: number
  }
  /** How it was forged and what it got → how often. */
  readonly refused: Readonly<Record<string, number>>
  /** Tries that got no answer, or one that asked to come again. */
  readonly again: Readonly<Record<string, number>>
  readonly outcomes: Readonly<Record<string, number>>
  readonly runs: Readonly<Record<string, number>>
  readonly senders: Record<
    string,
    { readonly sent: number; readonly distinct: number; readonly outcomes: Readonly<Record<string, number>> }
  >
  readonly jobs: number
  readonly objects: number
  /** What is not as it has to be; empty where everything adds up. */
  readonly differences: readonly string[]
}

const launchedStates = ['running', 'succeeded', 'failed', 'cancelled']

/** Holds what was sent against what the books say. The sending side's record decides what is right. */
export const drawAccount = (record: SentRecord, books: Books): Account => {
  const { found, differences } = findChanges(record.happenings, books.changes)
  const told = record.happenings.filter(({ acknowledged }) => acknowledged > 0)
  const acknowledgements = told.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  const outcomes = tally(books.changes, ({ state }) => state)
  return {
    sent: total(record.sent),
    acknowledged: {
      distinct: told.length,
      duplicates: acknowledgements - told.length,
      nothings: total(record.nothings),
    },
    refused: tally(record.refused, ({ how, status }) => `${how}: ${status}`),
    again: Object.fromEntries(record.again),
    outcomes,
    runs: tally(books.runs, ({ state }) => state),
    senders: bySender(record, found),
    jobs: books.jobs.length,
    objects: record.happenings.filter(({ object }) => object !== undefined).length,
    differences: [
      ...refusalFaults(record),
      ...refusalCountFaults(record, books.report.refused),
      ...differences,
      ...changeFaults(found, books),
      ...sumFaults('the API', outcomes, books.sum),
      ...reportFaults(outcomes, books),
      ...runFaults(books),
      ...objectFaults(record.happenings, books),
    ],
  }
}

const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0)

const tally = <T>(list: readonly T[], keyOf: (item: T) => string): Readonly<Record<string, number>> => {
  const counts: { [key: string]: number } = {}
  for (const item of list) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)))
}

const duplicatesIn = (values: readonly string[]): readonly string[] =>
  Object.entries(tally(values, (value) => value)).flatMap(([value, count]) =>
    count > 1 ? [`${value} (${count} times)`] : [],
  )

const refusalFaults = ({ refused, believed, unanswered }: SentRecord): readonly string[] => [
  ...refused
    .filter(({ right }) => !right)
    .map(({ sender, how, status }) => `${sender}: ${how} was refused with ${status}`),
  ...believed.map(({ sender, how }) => `${sender}: ${how} was acknowledged`),
  ...unanswered.map((what) => `${what} was never answered`),
]

type Found = ReadonlyMap<Sent, BookedChange>

/** The one change of each acknowledged happening, by the number that the answers gave and by what it says. */
const findChanges = (
  happenings: readonly Sent[],
  changes: readonly BookedChange[],
): { readonly found: Found; readonly differences: readonly string[] } => {
  const byId = new Map(changes.map((change) => [change.id, change]))
  const byAbout = Map.groupBy(changes, ({ repository, about }) => `${repository}: ${about}`)
  const found = new Map<Sent, BookedChange>()
  const differences: string[] = []
  for (const happening of happenings) {
    const { sender, repository, about, acknowledged, ids, fresh, unsure = false } = happening
    const what = `${sender}: ${about} of ${repository}`
    const saying = byAbout.get(`${repository}: ${about}`) ?? []
    if (acknowledged === 0) {
      if (saying.length > 0) differences.push(`${what} was never acknowledged, and is recorded`)
      continue
    }
    if (saying.length !== 1 && !(unsure && saying.length === 0))
      differences.push(`${what} was acknowledged, and there are ${saying.length} changes of it`)
    if (ids.size > 1) differences.push(`${what} was said to be the changes ${[...ids].join(', ')}`)
    if (fresh > 1) differences.push(`${what} was called new ${fresh} times`)
    for (const id of ids) {
      const said = byId.get(id)
      if (said === undefined) differences.push(`${what} was said to be change ${id}, which is not there`)
      else if (said.repository !== repository || said.about !== about)
        differences.push(`${what} was said to be change ${id}, which is ${said.about} of ${said.repository}`)
    }
    const [change] = saying
    if (change !== undefined) found.set(happening, change)
  }
  return { found, differences }
}

/** Changes of nobody's telling, changes that have not ended once, and ends that are not right. */
const changeFaults = (found: Found, { changes }: Books): readonly string[] => {
  const known = new Set([...found.values()].map(({ id }) => id))
  const strangers = changes.filter(({ id }) => !known.has(id))
  return [
    ...strangers.map(({ id, about, repository }) => `change ${id} (${about} of ${repository}) was sent by nobody`),
    ...changes.flatMap(({ id, state, endings, about }) =>
      state === 'recorded'
        ? [`change ${id} (${about}) has no outcome`]
        : endings === 1
          ? []
          : [`change ${id} (${about}) ended ${endings} times`],
    ),
    ...[...found].flatMap(([{ sender, about, outcomes }, { id, state }]) =>
      state === 'recorded' || (outcomes as readonly string[]).includes(state)
        ? []
        : [`${sender}: ${about}, change ${id}, ended as ${state} and not as ${outcomes.join(' or ')}`],
    ),
  ]
}

/** Winnow's own account must match, and be this one. */
const reportFaults = (outcomes: Readonly<Record<string, number>>, { report, changes }: Books): readonly string[] => [
  ...(report.matches && report.faults.length === 0 ? [] : [`the report does not match: ${report.faults.join('; ')}`]),
  ...(report.acknowledged === changes.length
    ? []
    : [`the report counts ${report.acknowledged} acknowledged changes, and there are ${changes.length}`]),
  ...sumFaults('the report', outcomes, report.outcomes),
  ...report.parked.map(({ kind, id, message }) => `${kind} ${id} is parked: ${message}`),
]

const sumFaults = (
  who: string,
  outcomes: Readonly<Record<string, number>>,
  sum: Readonly<Record<string, number>>,
): readonly string[] =>
  [...new Set([...Object.keys(outcomes), ...Object.keys(sum)])].sort().flatMap((state) => {
    const [ours, theirs] = [outcomes[state] ?? 0, sum[state] ?? 0]
    return ours === theirs ? [] : [`the store has ${ours} ${state} changes, and ${who} says ${theirs}`]
  })

/** Every run ended; no identity and no job twice; the platform has the jobs of the launched runs and no others. */
const runFaults = ({ runs, jobs, changes, verdicts }: Books): readonly string[] => {
  const launched = runs.filter(({ state, jobId }) => jobId !== null && launchedStates.includes(state))
  const wanted = new Set(launched.map(({ jobId }) => jobId as string))
  const there = new Set(jobs)
  const starters = new Set(changes.filter(({ state }) => state === 'started').map(({ id }) => id))
  const running = new Set(runs.map(({ change }) => change))
  return [
    ...runs.filter(({ state }) => openRunStates.includes(state)).map(({ id, state }) => `run ${id} is still ${state}`),
    ...verdicts.filter(({ state }) => state === 'pending').map(({ id }) => `verdict ${id} is still to be given`),
    ...runs.filter(({ state }) => state === 'failed').map(({ id }) => `run ${id} failed`),
    ...duplicatesIn(launched.map(({ identity }) => identity ?? '')).map(
      (identity) => `runs share the identity ${identity}`,
    ),
    ...duplicatesIn(launched.map(({ jobId }) => jobId ?? '')).map((job) => `runs share the job ${job}`),
    ...duplicatesIn(jobs).map((job) => `the platform lists the job ${job}`),
    ...[...wanted].filter((job) => !there.has(job)).map((job) => `the platform has no job ${job}`),
    ...[...there].filter((job) => !wanted.has(job)).map((job) => `the platform has a job ${job} of no run`),
    ...[...starters].filter((id) => !running.has(id)).map((id) => `change ${id} is started, and has no run`),
  ]
}

/** Every object is in one manifest of each repository that heard of it, unless it was replaced in time; every batch has ended in a run. */
const objectFaults = (happenings: readonly Sent[], { batches, runs, changes }: Books): readonly string[] => {
  // A run that gave way has given its objects to another batch.
  const gathered = runs.filter(({ batch, state }) => batch !== null && state !== 'superseded')
  const times = new Map<string, number>()
  for (const { repository, manifest } of gathered)
    for (const key of manifest) {
      const place = `${key} of ${repository}`
      times.set(place, (times.get(place) ?? 0) + 1)
    }
  const told = happenings.flatMap(({ object, repository, sender, acknowledged }) =>
    object === undefined ? [] : [{ ...object, place: `${object.key} of ${repository}`, sender, acknowledged }],
  )
  const known = new Set(told.map(({ place }) => place))
  const byId = new Map(batches.map((batch) => [batch.id, batch]))
  return [
    ...told.flatMap(({ place, lasts, sender, acknowledged }) => {
      const count = times.get(place) ?? 0
      if (acknowledged === 0) return []
      return count > 1 || (count === 0 && lasts) ? [`${sender}: ${place} is in ${count} manifests`] : []
    }),
    ...[...times.keys()]
      .filter((place) => !known.has(place))
      .map((place) => `${place} is in a manifest, and nobody told of it`),
    ...batches.filter(({ state }) => state === 'open').map(({ id }) => `batch ${id} is still open`),
    ...changes.flatMap(({ id, state, batch }) =>
      state === 'batched' && (batch === null || !byId.has(batch))
        ? [`change ${id} joined a batch that is not there`]
        : [],
    ),
    ...duplicatesIn(gathered.map(({ batch }) => String(batch))).map((batch) => `runs share the batch ${batch}`),
  ]
}

const bySender = (record: SentRecord, found: Found): Account['senders'] =>
  Object.fromEntries(
    [...new Set([...record.sent.keys(), ...record.happenings.map(({ sender }) => sender)])]
      .sort((a, b) => a.localeCompare(b))
      .map((sender) => {
        const theirs = [...found].filter(([happening]) => happening.sender === sender)
        const sent = record.sent.get(sender) ?? 0
        return [sender, { sent, distinct: theirs.length, outcomes: tally(theirs, ([, { state }]) => state) }] as const
      }),
  )
