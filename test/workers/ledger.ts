import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import type { Log } from '../../src/log.ts'
import type { Steps } from '../../src/workers/running/runner.ts'
import { makeEmbedded, openPool } from '../store/databases.ts'

/** A real store of one's own, with a clock that stands still until it is moved. */
export const openLedger = async (): Promise<{
  store: OpenStore
  clock: { now: number }
  dispose: () => Promise<void>
}> => {
  const database = await makeEmbedded()
  const clock = { now: 1_000_000 }
  const store = await createStore(await openPool(database.options), () => clock.now)
  const dispose = async (): Promise<void> => {
    await store.close()
    await database.dispose()
  }
  return { store, clock, dispose }
}

/** Steps of which only some may be called. */
export const stepsWith = (some: Partial<Steps>): Steps => {
  const unexpected = async (): Promise<void> => {
    throw new Error('this step was not expected')
  }
  const { match, gather, build, launch, watch, judge, release, expire } = some
  return {
    match: match ?? unexpected,
    gather: gather ?? unexpected,
    build: build ?? unexpected,
    launch: launch ?? unexpected,
    watch: watch ?? unexpected,
    judge: judge ?? unexpected,
    release: release ?? unexpected,
    expire: expire ?? unexpected,
  }
}

/** A log that keeps what it was told. */
export const createRecordingLog = (): Log & {
  readonly lines: { level: string; fields: object; message: string }[]
} => {
  const lines: { level: string; fields: object; message: string }[] = []
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message })
  const log = { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return log
}
