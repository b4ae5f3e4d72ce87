import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Fault } from '../domain/errors.ts'
import { scrubbedEnvironment } from './scrubbed-environment.ts'

/** Takes the kernel's lock, says so, and holds it until its input ends: with its owner's death, however that comes. */
const holder = `
import fcntl, sys
with open(sys.argv[1], "a") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("locked", flush=True)
    sys.stdin.read()
`

/**
 * Runs `work` while no other process holds the lock of this path. Node has no flock, so a small Python child holds it;
 * a killed owner closes the child's input, and the lock is free again. An abort while waiting rejects with its reason.
 */
export const withFileLock = async <T>(
  path: string,
  python: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> => {
  signal?.throwIfAborted()
  const child = spawn(python, ['-I', '-c', holder, path], {
    env: scrubbedEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
    // Outside our group: a Ctrl-C must not free the lock before the work under it has ended.
    detached: true,
  })
  const ended = once(child, 'exit')
  child.stdin.on('error', () => {})
  const abandon = (): void => void child.kill('SIGKILL')
  signal?.addEventListener('abort', abandon, { once: true })
  try {
    let complaint = ''
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString()
    })
    const answer = once(createInterface({ input: child.stdout }), 'line')
    const locked = await Promise.race([answer.then(() => true), ended.then(() => false)])
    signal?.throwIfAborted()
    if (!locked)
      throw new Fault('environment_failed', `cannot lock ${path}`, { details: complaint.trim().split('\n').slice(-5) })
    return await work()
  } finally {
    signal?.removeEventListener('abort', abandon)
    child.stdin.end()
    await ended.catch(() => {})
  }
}
