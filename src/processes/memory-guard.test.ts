import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { guardMemory, type MemoryUse } from './memory-guard.ts'

const mebibyte = 1024 * 1024

/** A shell with two children of 60 MiB each, where the kernel's groups cannot be used. */
const twoChildren = async (limitBytes: number): Promise<{ memory: MemoryUse; stdout: string; stderr: string }> => {
  const guard = guardMemory(limitBytes, () => undefined)
  const hold = `x = bytearray(b"x") * (60 << 20); import time; time.sleep(1); print("held")`
  const [command, args] = guard.enclose('/bin/sh', ['-c', 'python3 -c "$0" & python3 -c "$0"; wait', hold])
  const child = spawn(command, args, { detached: true })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const pid = child.pid as number
  guard.watch(pid, () => process.kill(-pid, 'SIGKILL'))
  await once(child, 'close')
  return { memory: await guard.end(child.signalCode === 'SIGKILL'), stdout, stderr }
}

it.each([
  ['one that is too large is refused the memory', 50, { exhausted: null }, ''],
  ['two that are too large together are killed', 100, { exhausted: 'limit', limitBytes: 100 * mebibyte }, ''],
  ['two that fit are left alone', 400, { exhausted: null }, 'held\nheld\n'],
])('without kernel groups: %s', async (_, limit, memory, said) => {
  const result = await twoChildren(limit * mebibyte)
  expect(result).toMatchObject({ memory, stdout: said })
  if (limit === 50) expect(result.stderr).toContain('MemoryError')
})
