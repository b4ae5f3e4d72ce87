import { type Change, justRecorded, pollSender } from '../../domain/change.ts'
import { digestJson } from '../../domain/digest.ts'
import { messageOf } from '../../domain/errors.ts'
import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import type { RefHead, RepositoryHost } from '../../domain/ports/host.ts'
import type { NewRow, Store } from '../../domain/ports/store.ts'
import type { Duration, Time } from '../../domain/time.ts'
import type { Log } from '../../log.ts'
import { pause } from '../running/pause.ts'

export interface PollPorts {
  readonly store: Store
  readonly host: RepositoryHost
  readonly now: () => Time
}

/**
 * Looks once at a repository's branches and tags and records a push for each that stands elsewhere than the newest
 * recorded push left it: a host never delivered that one. What was there at the first look is no news. The number of
 * changes that were new.
 */
export const pollRefs = async (ports: PollPorts, repository: string, signal: AbortSignal): Promise<number> => {
  const { store, host, now } = ports
  const heads = await host.refs(repository, signal)
  const key = `refs:${repository}`
  const first = await store.readSetting(key)
  if (!isJsonObject(first)) {
    await store.writeSetting(key, Object.fromEntries(heads.map(({ ref, commit }) => [ref, commit])))
    return 0
  }
  let found = 0
  for (const { ref, commit, object } of [...heads, ...goneSince(first, heads)]) {
    const [latest] = await store.list('change', { repository, ref }, 1)
    const before = standing(latest) ?? textOf(first[ref]) ?? ''
    if (before === commit || before === object || (isZero(before) && isZero(commit))) continue
    const row = pushRow(repository, ref, isZero(before) ? '0'.repeat(commit.length) : before, commit, latest, now())
    if (!(await store.recordChange(row)).duplicate) found++
  }
  return found
}

/** Looks again and again until the signal aborts. A host that cannot be reached is asked again the next time. */
export const keepPolling = async (
  ports: PollPorts & { readonly log: Log },
  repository: string,
  every: Duration,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    try {
      const changes = await pollRefs(ports, repository, signal)
      if (changes > 0) ports.log.info({ repository, changes }, 'pushes were found that the host had not delivered')
    } catch (error) {
      if (signal.aborted) return
      ports.log.warn({ repository, reason: messageOf(error) }, 'a repository could not be polled')
    }
    await pause(every, signal)
  }
}

const isZero = (hash: string): boolean => /^0*$/.test(hash)
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const standing = (latest: Change | undefined): string | undefined =>
  latest?.cause.kind === 'push' ? latest.cause.commit : undefined

/** Refs of the first look that are not there any more. */
const goneSince = (first: JsonObject, heads: readonly RefHead[]): readonly RefHead[] => {
  const there = new Set(heads.map(({ ref }) => ref))
  return Object.entries(first).flatMap(([ref, commit]) => {
    const zeros = '0'.repeat(textOf(commit)?.length ?? 40)
    return there.has(ref) ? [] : [{ ref, commit: zeros, object: zeros }]
  })
}

const pushRow = (
  repository: string,
  ref: string,
  before: string,
  commit: string,
  latest: Change | undefined,
  at: Time,
): NewRow<'change'> => ({
  repository,
  cause: { kind: 'push', ref, before, commit, deleted: isZero(commit) },
  sender: pollSender,
  ref,
  author: pollSender,
  // The push before is part of it: a branch that goes back and forth makes the same step twice.
  dedupeKey: `poll:${repository}:${ref}:${commit}:${latest?.id ?? 0}`,
  bodyDigest: digestJson({ repository, ref, before, commit }),
  receivedAt: at,
  ...justRecorded,
})
