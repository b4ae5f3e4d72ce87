import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import type { CatalogueEntry } from '../../src/platform/engine/work/runnable.ts'
import { pythonPipeline } from './python-pipeline.ts'
import { lives, openWorkshop, taskOf, until, untilFile } from './workshop.ts'

// The environment of kfp's executor is built here, so that no test's time-out has to pay for it.
beforeAll(async () => {
  await using workshop = await openWorkshop()
  const view = await workshop.run('warm-up', 'loop', {})
  expect(view.error).toBeNull()
}, 300_000)

describe('a job', () => {
  it('runs independent tasks at the same time', async () => {
    await using workshop = await openWorkshop()
    const view = await workshop.run('meeting', 'meeting')
    expect(view).toMatchObject({ state: 'succeeded', error: null })
    expect(taskOf(view, 'meet').outputs.parameters).toEqual({ Output: 'left met right' })
    expect(taskOf(view, 'meet-2').outputs.parameters).toEqual({ Output: 'right met left' })
  })

  it('keeps to its number of places', async () => {
    await using workshop = await openWorkshop({ parallelism: 1, taskTimeoutMs: 6_000 })
    const view = await workshop.run('meeting', 'meeting')
    // One after the other they cannot meet: the first is stopped at its limit, then the second finds its file.
    expect(view.state).toBe('failed')
    expect(
      view.tasks
        .filter((task) => task.kind === 'task')
        .map((task) => task.state)
        .sort(),
    ).toEqual(['failed', 'succeeded'])
    expect(view.error).toContain('time limit')
  })

  it('turns loops and gives outputs', async () => {
    await using workshop = await openWorkshop()
    const view = await workshop.run('loop', 'loop', {})
    expect(view.outputs.parameters).toEqual({ Output: 12 })
    expect(taskOf(view, 'add-up').outputs.artifacts['report']?.[0]).toMatchObject({
      type: { schemaTitle: 'system.ClassificationMetrics' },
      metadata: { confusionMatrix: { rows: [{ row: [1, 2] }, { row: [3, 4] }] } },
    })
  })

  it('hands files on, from an address to the last task', async () => {
    await using workshop = await openWorkshop()
    const { root, shared } = workshop
    await mkdir(join(root, 'barn'))
    await writeFile(join(root, 'barn', 'a.csv'), 'one\ntwo\nthree\n')
    const view = await workshop.run(
      'rows',
      'rows',
      { uri: 'gs://barn/a.csv', shared },
      { pipelineRoot: join(root, 'out') },
    )
    expect(view.error).toBeNull()
    expect(await readFile(join(shared, 'said'), 'utf8')).toBe('enough 3 one\n')
    expect(taskOf(view, 'importer').outputs.artifacts['artifact']?.[0]).toMatchObject({
      uri: 'gs://barn/a.csv',
      metadata: { source: 'test' },
    })
    const counted = taskOf(view, 'count-rows')
    expect(counted.outputs.parameters).toEqual({ Output: 3 })
    const [copy] = counted.outputs.artifacts['copy'] ?? []
    expect(copy?.metadata).toEqual({ rows: 3 })
    expect(copy?.uri.startsWith(join(root, 'out'))).toBe(true)
    expect(await readFile(copy?.uri ?? '', 'utf8')).toBe('one\ntwo\nthree')
    expect(counted.outputs.artifacts['metrics']?.[0]?.metadata).toEqual({ rows: 3, mean: 'NaN' })
    const log = await readFile(fileURLToPath(counted.logUri ?? ''), 'utf8')
    expect(log).toContain('count_rows')
  })

  it('skips what a condition rules out', async () => {
    await using workshop = await openWorkshop()
    const { root, shared } = workshop
    const table = join(root, 'a.csv')
    await writeFile(table, 'one\n')
    const view = await workshop.run('rows', 'rows', { uri: table, shared })
    expect(view.state).toBe('succeeded')
    expect(taskOf(view, 'condition-1').state).toBe('skipped')
    expect(existsSync(join(shared, 'said'))).toBe(false)
  })

  it('says where an address must be mapped', async () => {
    await using workshop = await openWorkshop()
    const view = await workshop.run('rows', 'rows', { uri: 'gs://elsewhere/a.csv', shared: workshop.shared })
    expect(view.state).toBe('failed')
    expect(taskOf(view, 'importer').reason).toContain('gs://elsewhere/a.csv')
  })

  it('runs the exit task after a failure, and says what failed', async () => {
    await using workshop = await openWorkshop()
    const view = await workshop.run('exit', 'exit-handler')
    expect(view.state).toBe('failed')
    const { reason, details } = taskOf(view, 'fail')
    // One line, and beside it what the task said.
    expect(reason).toMatch(/^fail failed with exit code 1: ValueError: the grain is wet \(read \/.*\/executor\.log\)$/)
    expect(details[0]).toBe('Traceback (most recent call last):')
    expect(details.join('\n')).toContain('raise ValueError(message)')
    expect(view.error).toBe(`root.exit-handler-1.fail: ${reason}`)
    expect(view.error).toContain('the grain is wet')
    expect(await readFile(join(workshop.shared, 'status'), 'utf8')).toMatch(/^FAILED .*the grain is wet/)
    expect(existsSync(join(workshop.shared, 'after'))).toBe(false)
    expect(taskOf(view, 'leave').state).toBe('notTriggered')
  })

  it('tries again as often as it may', async () => {
    await using workshop = await openWorkshop()
    const view = await workshop.run('retry', 'retry')
    expect(view.state).toBe('succeeded')
    expect(taskOf(view, 'third-time')).toMatchObject({ attempts: 3, outputs: { parameters: { Output: 3 } } })
  })

  it('fails where a declared parameter was not given', async () => {
    await using workshop = await openWorkshop()
    expect((await workshop.run('given', 'forgetful', { answer: true })).state).toBe('succeeded')
    const view = await workshop.run('forgotten', 'forgetful', { answer: false })
    expect(view.state).toBe('failed')
    expect(taskOf(view, 'forget-output').reason).toContain('output Output (STRING)')
  })

  it('leaves no process when it is cancelled, and still runs its exit task', async () => {
    await using workshop = await openWorkshop()
    await workshop.start('lingering', 'lingering')
    await untilFile(join(workshop.shared, 'pids'))
    const pids = (await readFile(join(workshop.shared, 'pids'), 'utf8')).split(' ').map(Number)
    expect(await Promise.all(pids.map(lives))).toEqual([true, true])
    expect(await workshop.engine.cancel('lingering')).toBe(true)
    const view = await workshop.ended('lingering')
    expect(view.state).toBe('cancelled')
    expect(taskOf(view, 'linger').state).toBe('cancelled')
    expect(await readFile(join(workshop.shared, 'status'), 'utf8')).toMatch(/^CANCELLED/)
    for (const pid of pids) await until(`the end of ${pid}`, async () => !(await lives(pid)))
    expect(await workshop.engine.cancel('lingering')).toBe(false)
  })
})

describe('what cannot run', () => {
  it('is refused before anything runs', async () => {
    await using workshop = await openWorkshop()
    await expect(workshop.start('containers', 'containers')).rejects.toMatchObject({
      code: 'component_unsupported',
      message: expect.stringMatching(/in-container.*example\/greeter:1/),
      remedy: expect.stringContaining('containers: host'),
    })
    expect(await readdir(workshop.root)).toEqual(['shared'])
    expect(await readdir(workshop.shared)).toEqual([])
  })

  it('runs on the host where that is allowed', async () => {
    await using workshop = await openWorkshop({ containers: 'host' })
    const view = await workshop.run('containers', 'containers')
    expect(view.error).toBeNull()
    const task = taskOf(view, 'in-container')
    expect(task.outputs.parameters).toEqual({ greeting: 'hello\n' })
    expect(await readFile(task.outputs.artifacts['page']?.[0]?.uri ?? '', 'utf8')).toBe(`page of ${workshop.shared}`)
  })

  it('is done natively where the catalogue knows the component', async () => {
    const calls: string[][] = []
    const greeter: CatalogueEntry = async ({ args, outputUris, task, log }) => {
      calls.push([...args])
      log('greeting')
      return {
        parameters: { greeting: 'hello from here' },
        artifacts: { page: [{ name: 'page', uri: outputUris['page'] ?? '', type: {}, metadata: { of: task.name } }] },
      }
    }
    await using workshop = await openWorkshop({
      findNative: (image) => (image.startsWith('example/') ? greeter : undefined),
    })
    const view = await workshop.run('containers', 'containers')
    expect(taskOf(view, 'in-container').outputs.parameters).toEqual({ greeting: 'hello from here' })
    expect(calls).toHaveLength(1)
    expect(calls[0]?.slice(0, 2)).toEqual(['sh', '-c'])
    expect(calls[0]?.[3]).toBe(workshop.shared)
    // It did not say that its outputs may be cached.
    await workshop.run('again', 'containers')
    expect(calls).toHaveLength(2)
  })

  it.each([
    ['a parameter that is missing', 'meeting', {}],
    ['a parameter that is unknown', 'loop', { nothing: 1 }],
  ])('refuses %s', async (_, pipeline, parameters) => {
    await using workshop = await openWorkshop()
    await expect(workshop.start('wrong', pipeline, parameters)).rejects.toMatchObject({ code: 'pipeline_invalid' })
    expect(await readdir(workshop.root)).toEqual(['shared'])
  })
})

describe('the cache', () => {
  it('gives outputs again for the same content, and only for that', async () => {
    await using workshop = await openWorkshop()
    const { root, shared } = workshop
    const count = async (id: string, file: string, more = {}) => {
      const view = await workshop.run(id, 'rows', { uri: join(root, file), shared, least: 99 }, more)
      expect(view.error).toBeNull()
      return taskOf(view, 'count-rows')
    }
    await writeFile(join(root, 'a.csv'), 'one\ntwo\n')
    await writeFile(join(root, 'b.csv'), 'one\ntwo\n')
    const first = await count('first', 'a.csv')
    expect(first).toMatchObject({ state: 'succeeded', cacheReason: 'it runs for the first time' })

    const second = await count('second', 'a.csv')
    expect(second).toMatchObject({ state: 'cached', cacheReason: expect.stringContaining('taken from the run first') })
    expect(second.outputs).toEqual(first.outputs)
    expect(await readFile(fileURLToPath(second.logUri ?? ''), 'utf8')).toContain('cache')
    // The same bytes at another address are the same input.
    expect((await count('copied', 'b.csv')).state).toBe('cached')

    // The same address with other bytes is not.
    await writeFile(join(root, 'a.csv'), 'one\ntwo\nthree\n')
    const changed = await count('changed', 'a.csv')
    expect(changed).toMatchObject({
      state: 'succeeded',
      cacheReason: 'input table changed',
      outputs: { parameters: { Output: 3 } },
    })

    const off = await count('asked-not-to', 'a.csv', { enableCaching: false })
    expect(off).toMatchObject({ state: 'succeeded', cacheReason: 'caching is off for this run' })
    expect((await count('asked-to', 'a.csv', { enableCaching: true })).state).toBe('cached')

    // Outputs that were touched or are gone are made again.
    const uri = (await count('before-touch', 'b.csv')).outputs.artifacts['copy']?.[0]?.uri ?? ''
    await writeFile(uri, 'touched')
    const touched = await count('after-touch', 'b.csv')
    expect(touched).toMatchObject({
      state: 'succeeded',
      cacheReason: 'outputs of the earlier run are gone or were touched',
    })
    const again = (await count('before-loss', 'b.csv')).outputs.artifacts['copy']?.[0]?.uri ?? ''
    await rm(again)
    expect((await count('after-loss', 'b.csv')).state).toBe('succeeded')
  })

  it('shares outputs by the key that the pipeline gave, and by no other', async () => {
    await using workshop = await openWorkshop()
    const spoken = async (id: string, value: string, cacheKey: string) => {
      const spec = pythonPipeline({ task: { body: `return "${value}"` } })
      const given = structuredClone(spec) as { root: { dag: { tasks: { task: { cachingOptions: object } } } } }
      given.root.dag.tasks.task.cachingOptions = { enableCache: true, cacheKey }
      await workshop.engine.start({
        resourceName: `projects/local/locations/local/pipelineJobs/${id}`,
        id,
        spec: given as unknown as JsonObject,
        parameters: { shared: id },
        labels: {},
        pipelineRoot: '',
      })
      return taskOf(await workshop.ended(id), 'task').outputs.parameters['Output']
    }
    expect(await spoken('first', 'one', 'spring')).toBe('one')
    expect(await spoken('second', 'two', 'spring')).toBe('one')
    expect(await spoken('third', 'three', 'autumn')).toBe('three')
  })
})
