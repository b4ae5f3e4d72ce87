import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { openContainers } from '../../src/platform/engine/containers/containers.ts'
import type { EngineJobView } from '../../src/platform/engine/job.ts'
import { openWorkshop, taskOf, until, type Workshop } from '../engine/workshop.ts'
import { oneContainer, shell, twoContainers } from './specs.ts'

// Real containers: podman, with a store of its own and an image made of a static busybox. No registry is asked.
const folder = await mkdtemp(join(tmpdir(), 'winnow-podman-'))
const program = 'podman'
const image = 'localhost/winnow-test/busybox:1'

const onPath = (program: string): string | undefined => {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .concat('/usr/sbin', '/bin')
    .map((path) => join(path, program))
  return found.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
const podman = (...args: readonly string[]): string => {
  const { status, stderr, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : `failed: ${stderr.trim().split('\n').at(-1)}`
}

const prepare = async (): Promise<string | undefined> => {
  const busybox = onPath('busybox')
  if (onPath('podman') === undefined || busybox === undefined) return 'podman and busybox-static are not installed'
  // A machine may give less than podman asks for of itself, and crun knows fewer kinds of cgroups than runc.
  const settings = [
    '[containers]',
    'default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]',
    '[engine]',
    ...(onPath('runc') === undefined ? [] : ['runtime = "runc"']),
  ]
  await writeFile(join(folder, 'containers.conf'), `${settings.join('\n')}\n`)
  const storage = ['[storage]', 'driver = "vfs"', `graphroot = "${folder}/graph"`, `runroot = "${folder}/run"`]
  await writeFile(join(folder, 'storage.conf'), `${storage.join('\n')}\n`)
  process.env['CONTAINERS_CONF'] = join(folder, 'containers.conf')
  process.env['CONTAINERS_STORAGE_CONF'] = join(folder, 'storage.conf')

  const root = join(folder, 'root')
  await mkdir(join(root, 'bin'), { recursive: true })
  await mkdir(join(root, 'tmp'))
  await copyFile(busybox, join(root, 'bin', 'busybox'))
  for (const name of ['sh', 'cat', 'id', 'ls', 'env', 'mkdir', 'dirname', 'sleep', 'touch', 'head', 'tail'])
    await symlink('busybox', join(root, 'bin', name))
  await writeFile(join(root, 'entry.sh'), 'mkdir -p "$(dirname "$1")"; echo the entry point > "$1"\n')
  const tar = join(folder, 'root.tar')
  spawnSync('tar', ['-C', root, '-cf', tar, '.'])
  const imported = podman('import', '--change', 'ENTRYPOINT ["/bin/sh", "/entry.sh"]', tar, image)
  if (imported.startsWith('failed')) return `podman cannot import an image: ${imported}`
  const tried = podman('run', '--rm', '--network', 'host', '--entrypoint', '/bin/sh', image, '-c', 'exit 0')
  return tried.startsWith('failed') ? `podman cannot run a container: ${tried}` : undefined
}

const reason = await prepare()
if (reason !== undefined) console.warn(`skipped: no real containers here: ${reason}`)

describe.skipIf(reason !== undefined)('a container by podman', () => {
  let workshop: Workshop
  beforeAll(async () => {
    workshop = await openWorkshop({ containers: await openContainers('podman') })
  })
  afterAll(async () => {
    await workshop[Symbol.asyncDispose]()
  })
  const run = async (id: string, spec: JsonObject): Promise<EngineJobView> => {
    await workshop.startSpec(id, spec)
    return workshop.ended(id)
  }
  const said = (view: EngineJobView, task = 'work') => {
    expect(view.error).toBeNull()
    return taskOf(view, task).outputs.parameters['said']
  }

  it('sees its own folders, and nothing of this machine', async () => {
    const script = `mkdir -p "$(dirname "$0")"; { id -u; cat /etc/os-release /etc/passwd || echo none; ls ${workshop.root}/platform; ls ${workshop.shared}; } > "$0" 2>&1; true`
    const lines = said(await run('sees', oneContainer(shell(script))))
    expect(lines).toMatch(new RegExp(`^${process.getuid?.()}\n`))
    expect(lines).toContain(`ls: ${workshop.shared}: No such file or directory`)
    expect(lines).not.toContain('cache')
    expect(lines).not.toContain('journal')
  })

  it('hands an artifact on, which the next may not write', async () => {
    const view = await run('two', twoContainers(image, '(echo spoilt > "$0") 2>/dev/null || echo kept >> "$1"'))
    expect(said(view, 'read')).toBe('a note\nkept\n')
  })

  it('runs the entry point of its image', async () => {
    const { command: _, ...container } = shell('')
    expect(said(await run('entry', oneContainer(container)))).toBe('the entry point\n')
  })

  it('is killed for memory at its limit', async () => {
    // tail must keep the whole line that has no end.
    const hungry = shell('head -c 200000000 /dev/zero | tail -n 1 > /dev/null; exit $?', {
      resources: { resourceMemoryLimit: '50M' },
    })
    const view = await run('hungry', oneContainer(hungry))
    expect(view.error).toMatch(/work was killed for memory: its limit is 50 MB/)
  })

  it('is gone when its job is cancelled', async () => {
    await workshop.startSpec('cancelled', oneContainer(shell('sleep 600')))
    await until('the container', () => podman('ps', '--quiet') !== '')
    await workshop.engine.cancel('cancelled')
    expect((await workshop.ended('cancelled')).state).toBe('cancelled')
    expect(podman('ps', '--all', '--quiet')).toBe('')
  })

  it('tells an image that is nowhere, and a command that is not in it', async () => {
    const nowhere = await run('nowhere', oneContainer({ image: 'localhost:1/bread:1', command: ['true'] }))
    expect(nowhere.error).toMatch(/The image localhost:1\/bread:1 cannot be pulled: Error: /)
    const wrong = await run('wrong', oneContainer({ image, command: ['no-such-program'] }))
    expect(wrong.error).toMatch(/could not be started: .*no-such-program/)
  })
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})
