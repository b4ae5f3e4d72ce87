import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { fixture, start, winnow } from './winnow.ts'

const data = mkdtempSync(join(tmpdir(), 'winnow-cli-run-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))
const uri = 'gs://nowhere/rows.csv'
const run = (name: string, ...args: string[]) => winnow(['pipeline', 'run', fixture(name), '--data', data, ...args])
const shape = ['error', 'outputs', 'state', 'tasks']

it('a pipeline that succeeds: JSON alone on standard output, exit 0', async () => {
  const result = await run(
    'importing.yaml',
    '-p',
    `{"uri":"${uri}"}`,
    '-m',
    `${uri}=${fixture('importing.yaml')}`,
    '--json',
  )
  expect(result).toMatchObject({ code: 0, stderr: '' })
  const answer = JSON.parse(result.stdout)
  expect(Object.keys(answer).sort()).toEqual(shape)
  expect(answer).toMatchObject({ state: 'succeeded', tasks: [{ name: 'importer', state: 'succeeded' }] })
})

it('an address that the map lacks: exit 1, and how to map it', async () => {
  const result = await run('importing.yaml', '-p', `{"uri":"${uri}"}`)
  expect(result.code).toBe(1)
  expect(result.stdout).toContain(`--map ${uri}=FILE`)
})

it('a pipeline that is refused: JSON too, and the words on standard error', async () => {
  const result = await run('importing.yaml', '-p', '{"url":"x"}', '--json')
  expect(result.code).toBe(1)
  expect(result.stderr).toContain('did you mean "uri"')
  expect(JSON.parse(result.stdout)).toEqual({
    state: 'failed',
    error: expect.stringContaining('did you mean "uri"'),
    outputs: {},
    tasks: [],
  })
})

it('a task that fails: its exit code and last lines, exit 1; containers can be refused', async () => {
  const failed = await run('failing.yaml', '--containers', 'host')
  expect(failed.code).toBe(1)
  expect(failed.stdout).toMatch(/exit code 7/)
  expect(failed.stdout).toMatch(/^ {4}bad$/m)
  const refused = await run('failing.yaml', '--containers', 'refuse')
  expect(refused.code).toBe(1)
  expect(refused.stdout).toMatch(/needs the container image alpine/)
})

it('what it asks for and this machine does not do is told, in words and in JSON', async () => {
  const line = 'task a: kubernetes secretAsEnv (s)'
  const told = await run('wishing.yaml', '--containers', 'host')
  expect(told).toMatchObject({ code: 0, stdout: expect.stringContaining(`left out here: ${line}`) })
  const answer = await run('wishing.yaml', '--containers', 'host', '--json')
  expect(JSON.parse(answer.stdout)).toMatchObject({ state: 'succeeded', leftOut: [line] })
})

it('Ctrl-C ends the tasks too, and the exit is not 0', async () => {
  const sleeping = (): string => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
  const child = start(['pipeline', 'run', fixture('endless.yaml'), '--containers', 'host', '--data', data])
  child.stdout.resume()
  let lines = ''
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk) => {
      lines += chunk
      if (/▸ a {2}running/.test(lines)) resolve()
    })
  })
  child.kill('SIGINT')
  const [code] = await once(child, 'exit')
  expect(code).not.toBe(0)
  expect(sleeping()).not.toMatch(/sleep 98765/)
})
