import { sql } from 'kysely'
import { type Change, isToldAlready } from '../../domain/change.ts'
import type { NewRow } from '../../domain/ports.ts'
import type { Time } from '../../domain/time.ts'
import type { Database } from './database.ts'
import { laneOf } from './lanes.ts'
import { columnName, fromStored, type StoredRow, storedJson, toStored, withoutNul } from './rows.ts'
import { columns } from './schema.ts'
import { lockNames } from './transaction.ts'

export interface Recorded {
  readonly change: Change
  readonly duplicate: boolean
}

/** Somebody else recorded one of these keys between our look and our insert: looking again shows it. */
export class RacedForKey extends Error {
  override readonly name = 'RacedForKey'
}

/** What a row comes to: a change that is there, or the row of this group that it makes or repeats. */
type Plan = { readonly known: Change } | { readonly made: number; readonly duplicate: boolean }

/**
 * Several changes in one transaction, each with its first history, its `match` job and its count; or the change that has
 * its dedupe key, or that told its push. What comes out is what recording them one after the other in this order gives.
 * Pushes of one ref are recorded one after the other, by whomever: which one is the newest must not change in between.
 */
export const recordChanges = async (
  db: Database,
  rows: readonly NewRow<'change'>[],
  lane: number,
  now: Time,
): Promise<readonly Recorded[]> => {
  const refs = refsOf(rows)
  if (refs.length > 0)
    await lockNames(
      db,
      refs.map(({ repository, ref }) => `push ${repository} ${ref}`),
    )
  const latest = refs.length > 0 ? await latestPushes(db, refs) : new Map<string, Change>()
  const { made, plans } = plan(rows, await knownChanges(db, rows), latest)
  const changes = await insertChanges(db, made, lane, now)
  return plans.map((one) =>
    'known' in one
      ? { change: one.known, duplicate: true }
      : { change: changes[one.made] as Change, duplicate: one.duplicate },
  )
}

const plan = (
  rows: readonly NewRow<'change'>[],
  known: ReadonlyMap<string, KnownKey>,
  latest: ReadonlyMap<string, Change>,
): { readonly made: readonly NewRow<'change'>[]; readonly plans: readonly Plan[] } => {
  const made: NewRow<'change'>[] = []
  const madeOfKey = new Map<string, number>()
  const madeOfRef = new Map<string, number>()
  const plans = rows.map((row): Plan => {
    const ref = refNameOf(row)
    if (ref !== undefined) {
      const ours = madeOfRef.get(ref)
      const before = ours === undefined ? latest.get(ref) : (made[ours] as Change)
      if (isToldAlready(before, row))
        return ours === undefined ? { known: before as Change } : { made: ours, duplicate: true }
    }
    const key = withoutNul(row.dedupeKey)
    const there = known.get(key)
    if (there !== undefined) return { known: there(row) }
    const same = madeOfKey.get(key)
    if (same !== undefined) return { made: same, duplicate: true }
    const position = made.push(row) - 1
    madeOfKey.set(key, position)
    if (ref !== undefined) madeOfRef.set(ref, position)
    return { made: position, duplicate: false }
  })
  return { made, plans }
}

interface Ref {
  readonly repository: string
  readonly ref: string
}

const nameOf = ({ repository, ref }: Ref): string => `${withoutNul(repository)} ${withoutNul(ref)}`

const refNameOf = ({ cause, repository, ref }: NewRow<'change'>): string | undefined =>
  cause.kind === 'push' && ref ? nameOf({ repository, ref }) : undefined

const refsOf = (rows: readonly NewRow<'change'>[]): readonly Ref[] => [
  ...new Map(
    rows.flatMap(({ cause, repository, ref }) =>
      cause.kind === 'push' && ref ? [[nameOf({ repository, ref }), { repository, ref }] as const] : [],
    ),
  ).values(),
]

const latestPushes = async (db: Database, refs: readonly Ref[]): Promise<ReadonlyMap<string, Change>> => {
  const { rows } = await sql<StoredRow>`
    select latest.* from json_to_recordset(${storedJson(refs)}::json) as asked (repository text, ref text)
    cross join lateral (
      select * from winnow.change where repository = asked.repository and document ->> 'ref' = asked.ref
      order by id desc limit 1
    ) latest`.execute(db)
  return new Map(
    rows.map((stored) => {
      const change = fromStored('change', stored)
      return [nameOf({ repository: change.repository, ref: change.ref ?? '' }), change]
    }),
  )
}

/** The change that has a key. Of an archived one its number and its end are left: the rest is as it is told again now. */
type KnownKey = (told: NewRow<'change'>) => Change

const knownChanges = async (
  db: Database,
  rows: readonly NewRow<'change'>[],
): Promise<ReadonlyMap<string, KnownKey>> => {
  const keys = storedJson(rows.map(({ dedupeKey }) => dedupeKey))
  // One statement: a change that is being archived is seen in one of the two places.
  const { rows: found } = await sql<StoredRow & KnownRow>`
    select asked.key, archived.row_id as archived_id, archived.state as archived_as, change.*
    from (select distinct value as key from json_array_elements_text(${keys}::json)) asked
    left join winnow.change on dedupe_key = asked.key
    left join winnow.archived
      on archived.kind = 'change' and archived.key = sha256(convert_to(asked.key, 'UTF8'))
    where change.id is not null or archived.row_id is not null`.execute(db)
  return new Map(
    found.map(({ key, archived_id, archived_as, ...stored }): readonly [string, KnownKey] => {
      if (stored['id'] !== null) return [key, () => fromStored('change', stored)]
      const rest = { id: Number(archived_id), version: 0, state: archived_as, reason: 'archived' } as const
      return [key, (told) => ({ ...told, ...rest })]
    }),
  )
}

interface KnownRow {
  readonly key: string
  readonly archived_id: string
  readonly archived_as: Change['state']
}

const columnTypes = { text: 'text', integer: 'bigint' } as const
const columnNames = Object.keys(columns.change).map(columnName)
const recordColumns = Object.entries(columns.change).map(
  ([field, type]) => `${columnName(field)} ${columnTypes[type as keyof typeof columnTypes]}`,
)

const insertChanges = async (
  db: Database,
  rows: readonly NewRow<'change'>[],
  lane: number,
  now: Time,
): Promise<readonly Change[]> => {
  if (rows.length === 0) return []
  const given = rows.map((row, position) => {
    const { document, ...values } = toStored('change', row) as { readonly document: string }
    return `{"position":${position},"document":${document},${storedJson(values).slice(1)}`
  })
  const names = sql.raw(columnNames.join(', '))
  const { rows: inserted } = await sql<StoredRow & { readonly dedupe_key: string }>`
    with given as (
      select * from json_to_recordset(${`[${given.join(',')}]`}::json)
        as row (position integer, document json, ${sql.raw(recordColumns.join(', '))})
    ), inserted as (
      insert into winnow.change (version, updated_at, document, ${names})
      select 1, ${now}, document, ${names} from given order by position
      on conflict do nothing returning *
    ), queued as (
      insert into winnow.outbox (step, kind, row_id, row_version, due_at, lane)
      select 'match', 'change', id, version, next_at, ${laneOf('change')} from inserted order by id
    ), told as (
      insert into winnow.history (at, kind, row_id, from_state, to_state, actor, why)
      select ${now}, 'change', id, null, state, document ->> 'author', kind || ' received' from inserted order by id
    ), counted as (
      insert into winnow.acknowledged as known (sender, day, lane, count)
      select sender, received_at / 86400000, ${lane}, count(*) from inserted group by 1, 2 order by 1, 2
      on conflict (sender, day, lane) do update set count = known.count + excluded.count
    )
    select * from inserted`.execute(db)
  if (inserted.length < rows.length) throw new RacedForKey()
  const byKey = new Map(inserted.map((stored) => [stored.dedupe_key, fromStored('change', stored)]))
  return rows.map(({ dedupeKey }) => byKey.get(withoutNul(dedupeKey)) as Change)
}
