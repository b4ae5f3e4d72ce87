import { getPriority } from 'node:os'
import { expect, it } from 'vitest'
import { runProcess, scrubbedEnvironment } from './run-process.ts'

// nice prints the niceness that the child itself sees, so what it starts inherits it.
const niceness = async (background: boolean): Promise<number> => {
  const script = 'until [ "$(nice)" = "$WANTED" ] || [ $((i += 1)) -gt 500 ]; do :; done; nice'
  const wanted = String(background ? 10 : getPriority())
  const env = scrubbedEnvironment({ WANTED: wanted })
  const { stdout } = await runProcess({ command: 'sh', args: ['-c', script], cwd: '.', env, background })
  return Number(stdout)
}

it('lets background work give way, and leaves other work alone', async () => {
  expect(await niceness(true)).toBe(10)
  expect(await niceness(false)).toBe(getPriority())
})

it.skipIf(process.platform !== 'linux')('lowers the session too, where sessions share equally', async ({ skip }) => {
  const autogroup = '/proc/self/autogroup'
  // Empty where the kernel, or the control group that this runs in, shares by something else than sessions.
  const sessionOf = async (background: boolean): Promise<string> => {
    const wait = background ? `until grep -q 'nice 10' ${autogroup} || [ $((i += 1)) -gt 500 ]; do :; done; ` : ''
    const args = ['-c', `${wait}cat ${autogroup} || true`]
    const { stdout } = await runProcess({ command: 'sh', args, cwd: '.', env: scrubbedEnvironment(), background })
    return stdout
  }
  if (!(await sessionOf(false)).includes('nice')) skip('sessions do not share equally here')
  expect(await sessionOf(true)).toContain('nice 10')
})
