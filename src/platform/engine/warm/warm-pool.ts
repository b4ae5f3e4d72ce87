import { totalmem } from 'node:os'
import { type Digest, digestBytes, digestJson } from '../../../domain/digest.ts'
import { startWarmServer, type WarmServer, type WarmServerOptions } from './warm-server.ts'

/** Fork servers that are kept for the tasks to come. */
export interface WarmPool {
  /**
   * Lends `work` a server that has loaded what is wanted, started if there is none yet. Undefined where there can be
   * none: all places are taken, or a fork would not be sound; then a process of its own must do.
   */
  withServer<T>(wanted: WarmServerOptions, work: (server: WarmServer) => Promise<T>): Promise<T | undefined>
  /** A server died under this source once: from then on it has a process of its own. */
  distrust(source: string): void
  trusts(source: string): boolean
  close(): Promise<void>
}

export interface WarmPoolLimits {
  readonly servers: number
  /** Resident bytes of all servers; those that are idle end when it is exceeded. */
  readonly memory: number
  readonly idleMs: number
}

interface Place {
  readonly kind: Digest
  readonly modules: readonly string[]
  readonly server: Promise<WarmServer | string>
  /** Bytes that it holds; 0 while it loads. */
  memory: number
  users: number
  idle: NodeJS.Timeout | undefined
}

const defaultLimits = (): WarmPoolLimits => ({
  servers: 4,
  memory: Math.min(2 ** 30, totalmem() / 8),
  idleMs: 120_000,
})

/** At most so many servers, fewer where they are large; the least recently used idle one makes room. */
export const createWarmPool = (limits: WarmPoolLimits = defaultLimits()): WarmPool => {
  /** In the order of their last use. */
  const places = new Set<Place>()
  /** What did not start or was not sound, by kind and modules: it is not tried again. */
  const refused = new Set<Digest>()
  const distrusted = new Set<Digest>()
  let closed = false

  const kindOf = ({ python, executor, env, enclosure }: WarmServerOptions): Digest =>
    digestJson({ python, executor, env, root: enclosure?.artifactRoot ?? null })

  const end = async (place: Place): Promise<void> => {
    places.delete(place)
    clearTimeout(place.idle)
    const server = await place.server
    if (typeof server !== 'string') await server.close()
  }

  const firstIdle = (): Place | undefined => [...places].find(({ users }) => users === 0)

  const shrink = (): void => {
    let total = [...places].reduce((sum, { memory }) => sum + memory, 0)
    for (const place of [...places].slice(0, -1)) {
      if (total <= limits.memory) return
      if (place.users > 0) continue
      total -= place.memory
      void end(place)
    }
  }

  const open = (wanted: WarmServerOptions): Place | undefined => {
    const kind = kindOf(wanted)
    const name = digestJson({ kind, modules: wanted.modules })
    if (closed || refused.has(name)) return undefined
    if (places.size >= limits.servers) {
      const leaving = firstIdle()
      if (leaving === undefined) return undefined
      void end(leaving)
    }
    const server = startWarmServer(wanted)
    const place: Place = { kind, modules: wanted.modules, server, memory: 0, users: 0, idle: undefined }
    places.add(place)
    void server.then((started) => {
      if (typeof started === 'string') {
        refused.add(name)
        places.delete(place)
      } else {
        place.memory = started.memory
        shrink()
      }
    })
    return place
  }

  /** The one with the least that is not wanted. Nobody waits while more is loaded than he wants. */
  const find = (wanted: WarmServerOptions): Place | undefined => {
    const kind = kindOf(wanted)
    const holds = ({ modules, memory }: Place): boolean =>
      wanted.modules.every((module) => modules.includes(module)) &&
      (memory > 0 || modules.length === wanted.modules.length)
    return [...places]
      .filter((place) => place.kind === kind && holds(place))
      .sort((a, b) => a.modules.length - b.modules.length)[0]
  }

  const withServer: WarmPool['withServer'] = async (wanted, work) => {
    const place = find(wanted) ?? open(wanted)
    if (place === undefined) return wanted.modules.length > 0 ? withServer({ ...wanted, modules: [] }, work) : undefined
    place.users += 1
    clearTimeout(place.idle)
    places.delete(place)
    places.add(place)
    try {
      const server = await place.server
      if (typeof server !== 'string' && !server.isDead()) return await work(server)
      places.delete(place)
    } finally {
      place.users -= 1
      if (place.users === 0) place.idle = setTimeout(() => void end(place), limits.idleMs).unref()
    }
    return withServer(wanted, work)
  }

  return {
    withServer,
    distrust: (source) => void distrusted.add(digestBytes(source)),
    trusts: (source) => !distrusted.has(digestBytes(source)),
    async close() {
      closed = true
      await Promise.allSettled([...places].map(end))
    },
  }
}
