import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { start, winnow } from './winnow.ts'

const fixture = (name: string): string => fileURLToPath(new URL(`../pipelines/fixtures/${name}`, import.meta.url))
const beans = fixture('beans.yaml')

let folder: string
let changed: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-show-'))
  changed = join(folder, 'changed.yaml')
  writeFileSync(changed, readFileSync(beans, 'utf8').replaceAll('image: python:3.11', 'image: python:3.12'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('winnow pipeline show', () => {
  it('draws in plain text of 80 columns where nobody looks in colour', async () => {
    const { code, stdout } = await winnow(['pipeline', 'show', beans], { NO_COLOR: '1' })
    expect(code).toBe(0)
    expect(stdout).not.toContain('\u001b')
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(stdout).toContain("if evaluate == 'true'")
  })

  it('prints Mermaid and JSON', async () => {
    const chart = await winnow(['pipeline', 'show', beans, '--format', 'mermaid'])
    expect(chart.stdout).toMatch(/^flowchart TD\n/)
    const { stdout } = await winnow(['pipeline', 'show', beans, '--format', 'json'])
    expect(JSON.parse(stdout)).toMatchObject({ name: 'beans', tasks: expect.arrayContaining([]) })
  })

  it('draws a pipeline in TypeScript', async () => {
    const file = fileURLToPath(new URL('../../examples/typescript/fruit.ts', import.meta.url))
    const { code, stdout, stderr } = await winnow(['pipeline', 'show', file, '--data', folder])
    expect(code, stderr).toBe(0)
    expect(stdout).toContain('for each item of')
  })

  it('ends without a word when its reader leaves', async () => {
    const child = start(['pipeline', 'show', fixture('loops.yaml')])
    child.stdout.destroy()
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    expect([errors, code]).toEqual(['', 0])
  })

  it('says what is wrong with a file that is no pipeline', async () => {
    const none = join(folder, 'none.yaml')
    writeFileSync(none, 'a: 1\n')
    expect(await winnow(['pipeline', 'show', none])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/none\.yaml:1:1: this is no compiled pipeline/),
    })
  })
})

describe('winnow pipeline diff', () => {
  it('exits 0 where nothing changed', async () => {
    expect(await winnow(['pipeline', 'diff', beans, beans])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('are the same pipeline'),
    })
  })

  it('exits 1 where something did, and says what', async () => {
    const told = await winnow(['pipeline', 'diff', beans, changed])
    expect(told).toMatchObject({
      code: 1,
      stdout: '~ evaluate\n    ~ image: python:3.11 → python:3.12\n',
    })
    const { code, stdout } = await winnow(['pipeline', 'diff', beans, changed, '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({
      same: false,
      changes: [
        { kind: 'changed', task: 'evaluate', what: 'image', before: 'python:3.11', after: 'python:3.12', lines: [] },
      ],
    })
  })

  it('exits 2 where they cannot be compared', async () => {
    expect(await winnow(['pipeline', 'diff', beans, join(folder, 'nothing.yaml')])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/There is no file .*nothing\.yaml/),
    })
    writeFileSync(join(folder, 'broken.yaml'), '{')
    expect(await winnow(['pipeline', 'diff', beans, join(folder, 'broken.yaml')])).toMatchObject({ code: 2 })
  })
})
