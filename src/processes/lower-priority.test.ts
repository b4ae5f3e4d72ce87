import { readFileSync } from 'node:fs'
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

it.skipIf(process.platform !== 'linux')('lowers the session too, where sessions share equally', async () => {
  const autogroup = '/proc/self/autogroup'
  const { stdout } = await runProcess({
    command: 'sh',
    args: [
      '-c',
      `until grep -q 'nice 10' ${autogroup} || [ $((i += 1)) -gt 500 ]; do :; done; cat ${autogroup} || true`,
    ],
    cwd: '.',
    env: scrubbedEnvironment(),
    background: true,
  })
  let here: string
  try {
    here = readFileSync(autogroup, 'utf8')
  } catch {
    return // this kernel has no autogroups
  }
  expect(here).toContain('nice')
  expect(stdout).toContain('nice 10')
})
