import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { removeLeftovers } from '../../src/platform/engine/containers/container-run.ts'
import { openContainers } from '../../src/platform/engine/containers/containers.ts'
import { platformLabel } from '../../src/platform/engine/containers/image-work.ts'
import type { EngineJobView } from '../../src/platform/engine/job.ts'
import { lives, openWorkshop, taskOf, until, type Workshop } from '../engine/workshop.ts'
import { oneContainer, shell, twoContainers } from './specs.ts'

let folder: string
const before = process.env['PATH']
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-docker-'))
  const program = join(folder, 'docker')
  const standIn = join(import.meta.dirname, 'docker-stand-in.ts')
  await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${standIn}" "$@"\n`)
  await chmod(program, 0o755)
  process.env['PATH'] = `${folder}:${before}`
  process.env['DOCKER_STAND_IN'] = folder
})
afterEach(async () => {
  process.env['PATH'] = before
  delete process.env['DOCKER_STAND_IN']
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

const open = async (): Promise<Workshop> => openWorkshop({ containers: await openContainers('docker') })
const run = async (workshop: Workshop, id: string, spec: JsonObject): Promise<EngineJobView> => {
  await workshop.startSpec(id, spec)
  return workshop.ended(id)
}
const calls = async (verb: string): Promise<readonly (readonly string[])[]> => {
  const text = await readFile(join(folder, 'calls.jsonl'), 'utf8')
  const all = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as readonly string[])
  return all.filter(([first]) => first === verb)
}
const containersLeft = (): Promise<readonly string[]> => readdir(join(folder, 'containers'))
const optionsOf = (call: readonly string[], name: string): readonly string[] =>
  call.flatMap((word, i) => (word === name ? [call[i + 1] ?? ''] : []))

describe('a container by docker', () => {
  it('gets its words, variables, limits and folders, and nothing else of this machine', async () => {
    await using workshop = await open()
    const container = shell('echo "$GREETING" "$1" > "$0"; env >&2', {
      image: 'python:3.12',
      env: [{ name: 'GREETING', value: 'good day, "you"' }],
      resources: { resourceCpuLimit: '1500m', resourceMemoryLimit: '512Mi' },
    })
    process.env['WINNOW_TEST_TOKEN'] = 'secret'
    const view = await run(
      workshop,
      'one',
      oneContainer({ ...container, args: [...(container['args'] as string[]), 'and others'] }),
    )
    expect(view.error).toBeNull()
    expect(taskOf(view, 'work').outputs.parameters['said']).toBe('good day, "you" and others\n')

    const [call = []] = await calls('run')
    expect(optionsOf(call, '--cpus')).toEqual(['1.5'])
    expect(optionsOf(call, '--memory')).toEqual([String(512 * 2 ** 20)])
    expect(optionsOf(call, '--entrypoint')).toEqual(['/bin/sh'])
    expect(optionsOf(call, '--user')).toEqual([`${process.getuid?.()}:${process.getgid?.()}`])
    expect(optionsOf(call, '--network')).toEqual(['host'])
    expect(optionsOf(call, '--label')).toContain('winnow.job=one')
    expect(call.filter((word) => word.startsWith('sha256:'))).toEqual([`sha256:${'ab'.repeat(32)}`])
    const writable = optionsOf(call, '--mount').filter((mount) => !mount.endsWith(',readonly'))
    expect(writable).toHaveLength(3)
    for (const mount of writable) expect(mount).toMatch(/^type=bind,source=(.+),target=\1$/)
    expect(optionsOf(call, '--env').join('\n')).not.toMatch(/secret|^PATH=|DOCKER_STAND_IN/m)
    expect(await containersLeft()).toEqual([])
  })

  it('hands artifacts on, and says their images in the cache', async () => {
    await using workshop = await open()
    const first = await run(workshop, 'one', twoContainers('bread'))
    expect(first.error).toBeNull()
    expect(taskOf(first, 'read').outputs.parameters['said']).toMatch(/^a note\n/)
    const [, read = []] = await calls('run')
    expect(optionsOf(read, '--mount').filter((mount) => /\/note,readonly$/.test(mount))).toHaveLength(1)

    const again = await run(workshop, 'two', twoContainers('bread'))
    expect(again.tasks.map(({ state }) => state)).toEqual(['cached', 'cached'])
    // The tag has come to mean another image.
    await writeFile(join(folder, 'moved'), '')
    const moved = await run(workshop, 'three', twoContainers('bread'))
    expect(moved.tasks.map(({ state }) => state)).toEqual(['succeeded', 'succeeded'])
  })

  it('without a command runs the entry point of its image', async () => {
    await using workshop = await open()
    const view = await run(workshop, 'one', oneContainer({ image: 'bread:1' }))
    // It leaves no output; but it ran.
    expect(view.error).toContain('ended without a value for its output said')
    const log = await readFile(fileURLToPath(taskOf(view, 'work').logUri ?? ''), 'utf8')
    expect(log).toContain('the entry point')
  })

  it.each([
    [
      'an image that cannot be pulled',
      { image: 'private/bread:1', command: ['true'] },
      /The image private\/bread:1 cannot be pulled: Error response from daemon: pull access denied/,
    ],
    [
      'a command that is not in the image',
      { image: 'bread:1', command: ['no-such-program'] },
      /work: bread:1 could not be started: .*no-such-program/,
    ],
    [
      'a command that fails',
      { image: 'bread:1', command: ['/bin/sh', '-c', 'echo no flour >&2; exit 3'] },
      /work failed with exit code 3: no flour/,
    ],
    [
      'want of memory',
      { image: 'hungry:1', command: ['/bin/sh', '-c', 'kill -9 $$'], resources: { memoryLimit: 0.5 } },
      /work was killed for memory: its limit is 500 MB[\s\S]*set_memory_limit\('1G'\)/,
    ],
    [
      'a plain kill',
      { image: 'bread:1', command: ['/bin/sh', '-c', 'kill -9 $$'] },
      /work was killed by (SIGKILL|the kernel)/,
    ],
    [
      'a limit that is none',
      { image: 'bread:1', command: ['true'], resources: { resourceMemoryLimit: 'lots' } },
      /work: its limit resourceMemoryLimit is "lots"/,
    ],
  ] satisfies [string, JsonObject, RegExp][])('tells %s in a line', async (_, container, message) => {
    await using workshop = await open()
    const view = await run(workshop, 'one', oneContainer(container))
    expect(view.state).toBe('failed')
    expect(view.error).toMatch(message)
    expect(await containersLeft()).toEqual([])
  })

  it('is killed when its job is cancelled', async () => {
    await using workshop = await open()
    await workshop.startSpec('one', oneContainer(shell(`touch ${join(workshop.shared, 'begun')}; sleep 600`)))
    await until('the container', () => existsSync(join(workshop.shared, 'begun')))
    const [name = ''] = await containersLeft()
    const { pid } = JSON.parse(await readFile(join(folder, 'containers', name), 'utf8')) as { pid: number }
    await workshop.engine.cancel('one')
    expect((await workshop.ended('one')).state).toBe('cancelled')
    await until('the end of its process', async () => !(await lives(pid)))
    expect(await containersLeft()).toEqual([])
  })

  it('is killed at its time limit', async () => {
    await using workshop = await openWorkshop({ containers: await openContainers('docker'), taskTimeoutMs: 1_000 })
    const view = await run(workshop, 'one', oneContainer(shell('sleep 600')))
    expect(view.error).toMatch(/work was stopped after \d+ s, its time limit/)
    expect(await containersLeft()).toEqual([])
  })

  it('that an earlier life left is found by its platform and removed', async () => {
    const docker = await openContainers('docker')
    if (typeof docker === 'string' || docker.kind !== 'runtime') throw new Error('no docker')
    await mkdir(join(folder, 'containers'), { recursive: true })
    for (const [name, root] of [
      ['ours', '/srv/a'],
      ['theirs', '/srv/b'],
    ] as const)
      await writeFile(
        join(folder, 'containers', name),
        JSON.stringify({ pid: null, labels: [platformLabel(root)], state: {} }),
      )
    expect(await removeLeftovers(docker, platformLabel('/srv/a'))).toBe(1)
    expect(await containersLeft()).toEqual(['theirs'])
  })
})

it('a daemon that does not answer is told, and refuses what needs it before anything runs', async () => {
  await writeFile(join(folder, 'down'), '')
  const containers = await openContainers('docker')
  await using workshop = await openWorkshop({ containers })
  await expect(workshop.startSpec('one', oneContainer(shell('true')))).rejects.toThrow(
    /runs no containers \(docker does not answer: Cannot connect to the Docker daemon.*task work needs the container image localhost/,
  )
})
