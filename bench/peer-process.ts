import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface PeerProcess extends AsyncDisposable {
  readonly pid: number
  /** The first line that it printed: it is ready then. */
  readonly said: string
}

/** Starts a peer of this folder under the same Node and waits for its first line. */
export const startPeer = async (file: string, ...args: readonly string[]): Promise<PeerProcess> => {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const first = await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => undefined)])
  if (first === undefined) throw new Error(`${file} ended before it was ready`)
  return {
    pid: child.pid as number,
    said: String(first[0]),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}
