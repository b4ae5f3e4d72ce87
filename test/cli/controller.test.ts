import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../../src/cli/free-port.ts'
import { start, winnow } from './winnow.ts'

const beans = fileURLToPath(new URL('../../examples/beans', import.meta.url))
const data = mkdtempSync(join(tmpdir(), 'winnow-cli-controller-'))
let controller: ReturnType<typeof start>

beforeAll(async () => {
  controller = start(['dev', beans, '--port', String(await freePort()), '--data', data])
  controller.stdout.resume()
  let log = ''
  await new Promise<void>((resolve, reject) => {
    controller.on('exit', () => reject(new Error(log)))
    controller.stderr.on('data', (chunk) => {
      log += chunk
      if (log.includes('Winnow is ready')) resolve()
    })
  })
})
afterAll(async () => {
  const ended = once(controller, 'exit')
  controller.kill('SIGTERM')
  await ended
  rmSync(data, { recursive: true, force: true })
})

it.each<[string[], number, RegExp]>([
  [['runs'], 0, /^No runs yet\.$/m],
  [['runs', '--json'], 0, /"runs": \[\]/],
  [['changes', '--sum'], 0, /^0 changes$/m],
  [['batches'], 0, /^No batches\.$/m],
  [['batches', '99'], 1, /There is no batch 99 \[not_found\]/],
  [['models'], 0, /^No models yet\.$/m],
  [['endpoints', '--json'], 0, /"endpoints": \[\]/],
  [['changes', '99'], 1, /There is no change 99 \[not_found\]/],
  [['run', 'show', '99'], 1, /There is no run 99 \[not_found\]/],
  [['run', 'cancel', '99'], 1, /There is no run 99 \[not_found\]/],
  [['explain', '99'], 1, /There is no run 99 \[not_found\]/],
  [['logs', '99'], 1, /There is no run 99 \[not_found\]/],
  [['policy', 'reproduce', '99'], 2, /There is no verdict 99 \[not_found\]/],
  [['policy', 'backtest', join(beans, 'policies/beans.yaml')], 0, /^There are no verdicts on beans yet\.$/m],
  [['predict', 'beans', '[{"Area": 1}]'], 1, /No target has an endpoint beans/],
  [['predict', 'beans', '{'], 2, /The instances are not JSON/],
  [['predict', 'beans', '[]'], 2, /There are no instances/],
  [['predict', 'beans', `@${join(data, 'none.json')}`], 2, /no such file/],
])('winnow %j with a controller: exit %i', async (args, code, words) => {
  const result = await winnow([...args, '--data', data])
  expect(code === 0 ? result.stdout : result.stderr).toMatch(words)
  expect(code === 0 ? result.stderr : result.stdout).toBe('')
  expect(result.code).toBe(code)
})

it('a second controller on the folder is refused and leaves its config as it was', async () => {
  const config = join(data, 'dev.config.yaml')
  expect(existsSync(config)).toBe(true)
  const before = readFileSync(config, 'utf8')
  const second = await winnow(['dev', beans, '--port', String(await freePort()), '--data', data])
  expect(second).toMatchObject({ code: 2, stdout: '' })
  expect(second.stderr).toMatch(/in use by the process \d+ \[data_folder_locked\]/)
  expect(readFileSync(config, 'utf8')).toBe(before)
})
