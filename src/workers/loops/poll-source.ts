import { randomUUID } from 'node:crypto'
import { isWithinAddress } from '../../declarations/data-address.ts'
import { watchedAddresses } from '../../declarations/data-trigger.ts'
import { Fault, messageOf } from '../../domain/errors.ts'
import type { FeedFault, FeedLedger, FeedName, Sightings } from '../../domain/feed.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Duration, Time } from '../../domain/time.ts'
import type { Log } from '../../log.ts'
import { count, type DeclarationPorts, readProtectedDeclaration } from '../declaration/declaration.ts'
import { backoff } from '../running/backoff.ts'
import { pause } from '../running/pause.ts'
import { feedFaultOf, settleTurn } from './feed-turns.ts'
import { lookAtAddress, watchName } from './look-at-address.ts'

export interface PollSourcePorts extends DeclarationPorts {
  readonly store: Pick<Store, 'recordChange'> & Sightings & FeedLedger
  readonly now: () => Time
  readonly log: Log
}

/** A source that is looked at. */
export interface PolledSource {
  readonly name: string
  readonly addresses: readonly string[]
  readonly repositories: readonly string[]
  readonly every: Duration
  readonly list: DataSource['list']
}

interface PollResult {
  readonly objects: number
  readonly told: number
  readonly faults: readonly FeedFault[]
}

/** How long a process that died keeps others from the source. */
const lease: Duration = 60_000

/**
 * Looks once at everything that the repositories of a source watch in it. What goes wrong at one address keeps nobody
 * from looking at the others.
 */
export const pollSource = async (
  ports: PollSourcePorts,
  source: PolledSource,
  signal: AbortSignal,
): Promise<PollResult> => {
  let [objects, told] = [0, 0]
  const faults: FeedFault[] = []
  for (const repository of source.repositories) {
    const found = await addressesOf(ports, source, repository, signal)
    if (!found.ok) {
      faults.push(found.fault)
      continue
    }
    const watches = found.addresses.map((address) => ({ source: source.name, repository, address }))
    for (const watch of watches) {
      try {
        const look = await lookAtAddress(ports, watch, source.list, signal)
        objects += look.objects
        told += look.told
      } catch (error) {
        if (signal.aborted) throw signal.reason
        faults.push(feedFaultOf(error))
      }
    }
    await ports.store.forgetOtherWatches(`${source.name}/${repository}/`, watches.map(watchName))
  }
  return { objects, told, faults }
}

type Addresses =
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly fault: FeedFault }

/** What the data triggers of a repository's protected branch watch in this source. */
const addressesOf = async (
  ports: PollSourcePorts,
  source: PolledSource,
  repository: string,
  signal: AbortSignal,
): Promise<Addresses> => {
  try {
    const { declaration } = await readProtectedDeclaration(ports, repository, signal)
    if (!declaration.ok) {
      const why = [declaration.reason, ...declaration.faults.slice(0, 1)].join(': ')
      const message = `nothing of ${repository} is watched: ${why}`
      return { ok: false, fault: { code: 'declaration_invalid', message } }
    }
    const watched = declaration.value.pipelines.flatMap(({ on }) => (on.data === null ? [] : watchedAddresses(on.data)))
    const within = watched.filter(
      (address) =>
        !address.startsWith('file:') && source.addresses.some((allowed) => isWithinAddress(address, allowed)),
    )
    return { ok: true, addresses: [...new Set(within)] }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (!(error instanceof Fault)) throw error
    return { ok: false, fault: { code: error.code, message: `${repository} cannot be read: ${messageOf(error)}` } }
  }
}

/**
 * Polls a source until the signal aborts. Of several processes one at a time does so: whose turn it is lies in the
 * store, so that a start polls no more often either. After a fault the next turn comes sooner, and then later each time.
 */
export const keepPollingSource = async (
  ports: PollSourcePorts,
  source: PolledSource,
  signal: AbortSignal,
  options: { readonly wake?: Duration } = {},
): Promise<void> => {
  const { wake = Math.min(source.every, 5_000) } = options
  const feed = { source: source.name, kind: 'poll' } as const
  const owner = randomUUID()
  while (!signal.aborted) {
    try {
      await takeTurn(ports, source, feed, owner, signal)
    } catch (error) {
      if (signal.aborted) return
      ports.log.warn({ source: source.name, error }, 'the poll of a source met a fault')
    }
    await pause(wake, signal)
  }
}

const takeTurn = async (
  ports: PollSourcePorts,
  source: PolledSource,
  feed: FeedName,
  owner: string,
  signal: AbortSignal,
): Promise<void> => {
  const { store, now } = ports
  const claimed = await store.claimFeed(feed, { owner, until: now() + lease, every: source.every })
  if (claimed === undefined) return
  const lost = new AbortController()
  const heartbeat = setInterval(() => {
    store.extendFeed(feed, owner, now() + lease).then(
      (held) => held || lost.abort(new Error('another process polls the source')),
      (error: unknown) => ports.log.warn({ source: source.name, error }, 'a lease could not be prolonged'),
    )
  }, lease / 3)
  try {
    const { objects, told, faults } = await pollSource(ports, source, AbortSignal.any([signal, lost.signal]))
    const [first, ...others] = faults
    const fault =
      first === undefined || others.length === 0
        ? (first ?? null)
        : { ...first, message: `${first.message} (and ${count(others.length, 'other fault')})` }
    const next = fault === null ? source.every : Math.min(source.every, backoff(claimed.failures + 1))
    await settleTurn(ports, feed, {
      told,
      refused: 0,
      objects: fault === null ? objects : null,
      fault,
      nextAt: now() + next,
    })
  } finally {
    clearInterval(heartbeat)
  }
}
