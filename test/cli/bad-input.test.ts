import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixture, winnow } from './winnow.ts'

const beans = fileURLToPath(new URL('../../examples/beans', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'winnow-cli-'))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const empty = file('empty.yaml', '')
const words = file('words.txt', 'hello')
const broken = join(folder, 'broken')
mkdirSync(broken)
writeFileSync(join(broken, 'server.json'), '{')
writeFileSync(join(broken, 'token'), 'secret')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const importing = fixture('importing.yaml')
const given = '{"uri":"gs://nowhere/rows.csv"}'

describe.concurrent('what is wrong gets one clear message, an exit code and no stack trace', () => {
  it.each<[string[], number, RegExp]>([
    [['bogus'], 2, /unknown command 'bogus'/],
    [['runs', '--bogus'], 2, /unknown option '--bogus'/],
    [['explain'], 2, /missing required argument 'run'/],
    [['runs'], 2, /No controller has run on the data folder/],
    [['runs', '-n', '0'], 2, /from 1 to 1000/],
    [['runs', '-n', '1001'], 2, /from 1 to 1000/],
    [['run', 'show', 'abc'], 2, /It is no number; `winnow runs`/],
    [['explain', '1e9'], 2, /It is no number/],
    [['changes', '0'], 2, /`winnow changes`/],
    [['changes', '--state', 'odd'], 2, /Allowed choices are recorded/],
    [['models', '--data', broken], 2, /server\.json does not say where/],
    [
      ['serve', '-c', join(folder, 'none.yaml')],
      2,
      /none.yaml cannot be read: there is no such file or folder .*winnow dev/s,
    ],
    [['dev', folder], 2, /no winnow\.yaml/],
    [['dev', beans, '--port', 'abc'], 2, /abc is no port/],
    [['lint', folder], 1, /there is no such file/],
    [['pipeline', 'compile', join(folder, 'none.py')], 2, /There is no file/],
    [['pipeline', 'compile', folder], 2, /is no file/],
    [['pipeline', 'compile', words], 2, /neither Python, TypeScript nor compiled/],
    [['pipeline', 'compile', empty], 1, /the file is empty/],
    [['pipeline', 'compile', importing, '-o', join(folder, 'none', 'x.yaml')], 2, /no such file or folder/],
    [['pipeline', 'run', importing, '-p', '{'], 2, /--parameters is not JSON/],
    [['pipeline', 'run', importing, '-p', '[1]'], 2, /not a JSON object/],
    [['pipeline', 'run', importing, '--map', 'odd'], 2, /ADDRESS=FILE/],
    [['pipeline', 'run', importing, '--containers', 'odd'], 2, /host, refuse/],
    [['pipeline', 'run', importing, '-p', '{"url":"x"}'], 1, /"url" is unknown.*did you mean "uri"/],
    [['pipeline', 'run', importing, '-p', '{"uri":1}'], 1, /parameter "uri": expected/],
    [['pipeline', 'run', importing, '-p', given, '--data', words], 2, /no folder/],
  ])('winnow %j: exit %i', async (args, code, message) => {
    const own = mkdtempSync(join(folder, 'data-'))
    const result = await winnow(args, { WINNOW_DATA: own })
    expect(result.stderr).toMatch(message)
    expect(result.stderr).not.toMatch(/^\s+at /m)
    expect(result.stdout).toBe('')
    expect(result.code).toBe(code)
  })

  it('a Python that is not there', async () => {
    const source = file('pipeline.py', 'x = 1\n')
    const result = await winnow(['pipeline', 'compile', source, '--data', mkdtempSync(join(folder, 'data-'))], {
      WINNOW_PYTHON: '/nonexistent',
    })
    expect(result).toMatchObject({ code: 2, stdout: '' })
    expect(result.stderr).toMatch(/\[python_missing\]/)
  })
})

describe('a controller that answers oddly', () => {
  let server: Server
  let url = ''
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url?.includes('/models')) return response.end('<html>')
      if (request.headers.authorization !== 'Bearer right') return response.writeHead(401).end('{"error":{}}')
      return response.end('{"runs":[]}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server.close())

  it.each<[string, string, string, number, RegExp]>([
    ['runs', 'right', '', 0, /^$/],
    ['runs', 'wrong', '', 2, /does not know this token/],
    ['models', 'right', '', 2, /no controller of Winnow/],
    ['runs', 'right', 'nonsense', 2, /WINNOW_URL is no address/],
    ['runs', 'right', 'http://127.0.0.1:1', 2, /does not answer/],
  ])('winnow %s with token %s at "%s": exit %i', async (command, token, at, code, message) => {
    const result = await winnow([command, '--json'], { WINNOW_URL: at || url, WINNOW_TOKEN: token })
    expect(result.stderr).toMatch(message)
    expect(result.code).toBe(code)
    expect(result.stdout).toBe(code === 0 ? '{\n  "runs": []\n}\n' : '')
  })
})

it('lint says all that is wrong in the declaration, in what it names and in its policies, each with its place', async () => {
  const own = mkdtempSync(join(folder, 'linted-'))
  mkdirSync(join(own, 'policies'))
  const declaration = (quiet: string) => `version: 1
pipelines:
  beans:
    kfp: beanz.py
    model: beans
    policy: policies/beans.yaml
    on: {data: {uri: "file:in/*.csv", quiet: ${quiet}, into: rows}}
  others: {ir: others.json, model: others, policy: policies/none.yaml, on: {push: {branches: [main]}}}
environments:
  dev: {target: local, endpoint: beans}
`
  const policy = 'version: 1\nmodel: beans\ngates:\n  good: {metric: macroF, atLeast: 0.9}\n'
  writeFileSync(join(own, 'policies/beans.yaml'), policy)
  const faultsOf = async (quiet: string) => {
    writeFileSync(join(own, 'winnow.yaml'), declaration(quiet))
    const { code, stdout } = await winnow(['lint', own])
    expect(code).toBe(1)
    return stdout.replaceAll(`${own}/`, '').trim().split('\n')
  }
  const unknown = 'policies/beans.yaml:4:18: gates.good.metric: unknown metric macroF, did you mean macroF1?'
  expect(await faultsOf('5s')).toEqual([
    'winnow.yaml:4:10: pipelines.beans.kfp: there is no file beanz.py',
    'winnow.yaml:8:16: pipelines.others.ir: there is no file others.json',
    'winnow.yaml:8:52: pipelines.others.policy: there is no file policies/none.yaml',
    unknown,
  ])
  expect(await faultsOf('5 sec')).toEqual([
    expect.stringMatching(/^winnow.yaml:7:46: pipelines.beans.on.data.quiet: expected a duration/),
    unknown,
  ])
})

it('lint reads the gates that a policy shares with others', async () => {
  const own = mkdtempSync(join(folder, 'sharing-'))
  mkdirSync(join(own, 'policies'))
  const pipeline = 'ir: beans.json, model: beans, policy: policies/beans.yaml, on: {push: {branches: [main]}}'
  writeFileSync(
    join(own, 'winnow.yaml'),
    `version: 1\npipelines: {beans: {${pipeline}}}\nenvironments: {dev: {target: local, endpoint: beans}}\n`,
  )
  writeFileSync(join(own, 'beans.json'), '{}')
  writeFileSync(
    join(own, 'policies/beans.yaml'),
    'version: 1\nmodel: beans\nuse: [policies/all.yaml]\ngates:\n  own: {metric: f1, each: Class, atLeast: 0.5}\n',
  )
  const shared = (metric: string) =>
    writeFileSync(join(own, 'policies/all.yaml'), `version: 1\ngates:\n  all: {metric: ${metric}, atLeast: 0.9}\n`)
  shared('accuracy')
  expect(await winnow(['lint', own])).toMatchObject({ code: 0, stdout: expect.stringContaining('no faults') })
  shared('accuracies')
  expect(await winnow(['lint', own])).toMatchObject({
    code: 1,
    stdout: `${own}/policies/all.yaml:3:17: gates.all.metric: unknown metric accuracies, did you mean accuracy?\n`,
  })
})

it('lint finds no fault in the example', async () => {
  const result = await winnow(['lint', beans, '--json'])
  expect(result.code).toBe(0)
  expect(JSON.parse(result.stdout)).toEqual({ ok: true, faults: [] })
})
