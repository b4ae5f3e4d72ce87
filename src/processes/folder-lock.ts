import { randomBytes } from 'node:crypto'
import { open, readdir, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../domain/errors.ts'

export interface FolderLock {
  release(): Promise<void>
}

/** What a contender says of itself to whoever connects to its socket. */
interface Owner {
  readonly pid: number | null
  readonly holds: boolean
}

const socketName = /^owner\.[0-9a-f]{12}\.sock$/
/** Linux allows 107 bytes in a socket's path, macOS 103. */
const longestSocketPath = 100
const attempts = 10

/**
 * Takes a folder for this process until it is released or the process dies, however that happens.
 *
 * Each contender listens on a socket of its own in the folder, under a name that is never used again, and only then looks
 * for others. The kernel refuses connections to the socket of a dead process, so it can be removed; a living one means
 * that the folder is taken. Of two contenders the later to look sees the earlier, so that never both hold the folder.
 * Fault: data_folder_locked, naming the owner's pid.
 */
export const lockFolder = async (folder: string): Promise<FolderLock> => {
  for (let attempt = 1; ; attempt += 1) {
    const contender = await contend(folder)
    if ('release' in contender) return contender
    if (contender.holds || attempt === attempts)
      throw new Fault('data_folder_locked', `${folder} is in use by ${nameOf(contender)}`, {
        remedy: 'Stop that process, or start this one with another data folder.',
      })
    // Two that start at the same moment both step back; chance decides who is first the next time.
    await pause(10 + Math.random() * 50 * attempt)
  }
}

const nameOf = ({ pid }: Owner): string =>
  pid === null ? 'another process' : pid === process.pid ? `this process (pid ${pid})` : `the process ${pid}`

const contend = async (folder: string): Promise<FolderLock | Owner> => {
  const reach = await reachable(folder)
  const name = `owner.${randomBytes(6).toString('hex')}.sock`
  let holds = false
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(JSON.stringify({ pid: process.pid, holds } satisfies Owner))
  })
  const release = async (): Promise<void> => {
    await new Promise((resolve) => server.close(resolve))
    await unlink(join(folder, name)).catch(() => {})
    await reach.close()
  }
  try {
    await listen(server, reach.path(name))
    server.unref()
    for (const other of await readdir(folder)) {
      if (!socketName.test(other) || other === name) continue
      const owner = await ask(reach.path(other))
      if (owner) {
        await release()
        return owner
      }
      await unlink(join(folder, other)).catch(() => {})
    }
  } catch (error) {
    await release()
    throw new Fault('store_unavailable', `${folder} cannot be locked for this process`, {
      remedy: 'Use a data folder on a local disk that this user can write, or set DATABASE_URL.',
      cause: error,
    })
  }
  holds = true
  return { release }
}

/** A way to name sockets in a folder whose path is too long for one: through an open descriptor of it. */
const reachable = async (
  folder: string,
): Promise<{ readonly path: (name: string) => string; readonly close: () => Promise<void> }> => {
  if (Buffer.byteLength(join(folder, 'owner.000000000000.sock')) <= longestSocketPath)
    return { path: (name) => join(folder, name), close: async () => {} }
  const handle = await open(folder, 'r')
  return { path: (name) => `/proc/self/fd/${handle.fd}/${name}`, close: () => handle.close() }
}

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })

/** Who listens on a socket; undefined where nobody does any more. */
const ask = (path: string): Promise<Owner | undefined> =>
  new Promise((resolve, reject) => {
    const socket = connect(path)
    let text = ''
    let connected = false
    // A process too busy to say who it is lives all the same.
    const answer = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(ownerOf(text))
    }
    const timer = setTimeout(answer, 2_000)
    socket.setEncoding('utf8')
    socket.on('connect', () => {
      connected = true
    })
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('end', answer)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      if (connected) answer()
      else if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined)
      else reject(error)
    })
  })

const ownerOf = (text: string): Owner => {
  try {
    const { pid, holds } = JSON.parse(text) as Owner
    return { pid, holds }
  } catch {
    return { pid: null, holds: true }
  }
}
