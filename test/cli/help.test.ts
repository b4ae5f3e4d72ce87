import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createLive } from '../../src/cli/live.ts'
import { winnow } from './winnow.ts'

const rows = [
  ...readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8').matchAll(
    /^\| `winnow ([a-z ]+)` \| [^|]+ \| `winnow ([^`]+)` \|/gm,
  ),
].map((match) => ({ command: match[1] as string, example: match[2] as string }))

const namesIn = (help: string): readonly string[] =>
  [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)\b/gm)]
    .map((match) => match[1] as string)
    .filter((name) => name !== 'help')

it('docs/cli.md has each command once, and no other', async () => {
  const groups = ['changes', 'hook', 'pipeline', 'policy', 'run']
  const top = namesIn((await winnow(['--help'])).stdout)
  const nested = await Promise.all(
    groups.map(async (group) => namesIn((await winnow([group, '--help'])).stdout).map((name) => `${group} ${name}`)),
  )
  const commands = [...top.filter((name) => !groups.includes(name)), ...nested.flat()]
  expect(rows.map((row) => row.command).sort()).toEqual(commands.sort())
})

it.each(rows)('the example of `$command` has only options that its help has', async ({ command, example }) => {
  const { stdout, code } = await winnow([...command.split(' '), '--help'])
  expect(code).toBe(0)
  expect(example.startsWith(command)).toBe(true)
  for (const [option] of example.matchAll(/(?<= )--?[a-z][a-z-]*/g)) expect(stdout).toContain(option)
})

it('away from a terminal each task is told once as it starts and once as it ends', () => {
  let told = ''
  const write = (text: string | Uint8Array): boolean => {
    told += text
    return true
  }
  const live = createLive({ isTTY: false, columns: 80, write })
  live.draw(['└─ ▸ train  running  1 s'])
  live.draw(['├─ ▸ train  running  2 s', '└─ · judge  pending'])
  live.draw(['├─ ✓ train  3 s', '└─ ▸ judge  running  1 s'])
  live.draw(['├─ ✓ train  3 s', '└─ ✗ judge  failed  2 s  no such model'])
  expect(told).toBe('▸ train  running\n✓ train  3 s\n▸ judge  running\n✗ judge  failed  2 s  no such model\n')
})
