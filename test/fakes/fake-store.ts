import type { DataObject } from '../../src/domain/batch.ts'
import type { Change } from '../../src/domain/change.ts'
import type { Json } from '../../src/domain/json.ts'
import type { RequestLabels } from '../../src/domain/ports/request-log.ts'
import {
  type HistoryEntry,
  type NewRow,
  type Reading,
  type RowKind,
  type Rows,
  StaleRow,
  type Step,
  type Store,
  steps,
  type Transaction,
} from '../../src/domain/ports/store.ts'

export interface OutboxEntry {
  readonly step: Step
  readonly id: number
  readonly version: number
  readonly at: number
}

interface Tables {
  rows: { [K in RowKind]: Map<number, Rows[K]> }
  /** Of batches, by batch and address. */
  objects: Map<number, ReadonlyMap<string, DataObject>>
  history: HistoryEntry[]
  outbox: OutboxEntry[]
  next: number
}

/** A store in memory: transactions are applied whole, one after another; leases are not kept, a test owns all rows. */
export const createFakeStore = () => {
  let tables: Tables = {
    rows: {
      change: new Map(),
      batch: new Map(),
      build: new Map(),
      run: new Map(),
      verdict: new Map(),
      release: new Map(),
      approval: new Map(),
      override: new Map(),
      hold: new Map(),
      pause: new Map(),
    },
    objects: new Map(),
    history: [],
    outbox: [],
    next: 1,
  }
  const settings = new Map<string, Json>()
  const feedback = new Map<string, RequestLabels>()
  let turn: Promise<unknown> = Promise.resolve()

  const tableOf = <K extends RowKind>(of: Tables, kind: K) => of.rows[kind] as Map<number, Rows[K]>
  const read = (of: Tables): Reading => ({
    get: async (kind, id) => tableOf(of, kind).get(id),
    list: async (kind, where = {}, limit = 100, order = 'newest') =>
      [...tableOf(of, kind).values()]
        .filter((row) =>
          Object.entries(where).every(([column, wanted]) => {
            const value = (row as unknown as Record<string, unknown>)[column]
            return Array.isArray(wanted) ? wanted.includes(value) : value === wanted
          }),
        )
        .sort((a, b) => (order === 'newest' ? b.id - a.id : a.id - b.id))
        .slice(0, limit),
    objectsAt: async (batch, uris) => uris.flatMap((uri) => of.objects.get(batch)?.get(uri) ?? []),
    objectsOf: async (batch, limit, after = '') =>
      [...(of.objects.get(batch)?.values() ?? [])]
        .filter(({ uri }) => uri > after)
        .sort((a, b) => (a.uri < b.uri ? -1 : 1))
        .slice(0, limit),
  })

  const transaction = async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
    const mine = turn.then(async () => {
      const draft: Tables = {
        rows: Object.fromEntries(
          Object.entries(tables.rows).map(([kind, rows]) => [kind, new Map<number, unknown>(rows)]),
        ) as unknown as Tables['rows'],
        objects: new Map(tables.objects),
        history: [...tables.history],
        outbox: [...tables.outbox],
        next: tables.next,
      }
      const wanted: { step: Step; id: number; at: number }[] = []
      const tx: Transaction = {
        ...read(draft),
        insert: async (kind, row) => {
          const id = draft.next++
          const written = { ...structuredClone(row), id, version: 1 } as unknown as Rows[typeof kind]
          tableOf(draft, kind).set(id, written)
          return written
        },
        update: async (kind, row) => {
          const stored = tableOf(draft, kind).get(row.id)
          if (stored?.version !== row.version) throw new StaleRow(`${kind} ${row.id} has moved on`)
          const written = { ...structuredClone(row), version: row.version + 1 }
          tableOf(draft, kind).set(row.id, written)
          return written
        },
        putObjects: async (batch, objects) => {
          const added = objects.map((object): [string, DataObject] => [object.uri, object])
          draft.objects.set(batch, new Map([...(draft.objects.get(batch) ?? []), ...added]))
        },
        removeObject: async (batch, uri) => {
          draft.objects.set(batch, new Map([...(draft.objects.get(batch) ?? [])].filter(([held]) => held !== uri)))
        },
        enqueue: async (step, id, at = 0) => {
          wanted.push({ step, id, at })
        },
        record: async (entry) => {
          draft.history.push(entry)
        },
        isArchivedIdentity: async () => false,
        // Transactions run one after another here.
        lock: async () => {},
      }
      const result = await work(tx)
      for (const { step, id, at } of wanted) {
        const version = tableOf(draft, steps[step]).get(id)?.version
        if (version === undefined) throw new Error(`${step} of an unknown row ${id}`)
        draft.outbox.push({ step, id, version, at })
      }
      tables = draft
      return result
    })
    turn = mine.catch(() => undefined)
    return mine
  }

  const store: Store = {
    get: (kind, id) => read(tables).get(kind, id),
    list: (kind, where, limit) => read(tables).list(kind, where, limit),
    objectsAt: (batch, uris) => read(tables).objectsAt(batch, uris),
    objectsOf: (batch, limit, after) => read(tables).objectsOf(batch, limit, after),
    transaction,
    recordChange: (change: NewRow<'change'>) =>
      transaction(async (tx) => {
        const [known] = await tx.list('change', { dedupeKey: change.dedupeKey }, 1)
        if (known !== undefined) return { change: known, duplicate: true }
        const made: Change = await tx.insert('change', change)
        await tx.enqueue('match', made.id)
        return { change: made, duplicate: false }
      }),
    buildByKey: (row) =>
      transaction(async (tx) => (await tx.list('build', { key: row.key }, 1))[0] ?? tx.insert('build', row)),
    claim: async (kind, id, version) => {
      const row = tableOf(tables, kind).get(id)
      return row?.version === version ? transaction((tx) => tx.update(kind, row)) : undefined
    },
    extend: async () => true,
    history: async (kind, id) => tables.history.filter((entry) => entry.kind === kind && entry.id === id),
    countChanges: async () => {
      const counts: Record<string, number> = {}
      for (const { state } of tables.rows.change.values()) counts[state] = (counts[state] ?? 0) + 1
      return counts
    },
    recordFeedback: async ({ target, endpoint }, labels) => {
      for (const said of labels) feedback.set(`${target} ${endpoint} ${said.request}`, said)
    },
    feedback: async ({ target, endpoint }) =>
      [...feedback].filter(([key]) => key.startsWith(`${target} ${endpoint} `)).map(([, said]) => said),
    readSetting: async (key) => settings.get(key),
    writeSetting: async (key, value) => {
      settings.set(key, value)
    },
  }
  return {
    store,
    /** Takes the outbox's entries whose time has come, oldest first. */
    takeOutbox: (now: number): readonly OutboxEntry[] => {
      const due = tables.outbox.filter((entry) => entry.at <= now)
      tables = { ...tables, outbox: tables.outbox.filter((entry) => entry.at > now) }
      return due
    },
    nextAt: (): number | undefined => tables.outbox.map((entry) => entry.at).sort((a, b) => a - b)[0],
  }
}
