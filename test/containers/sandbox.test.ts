import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { createSandbox } from '../../src/platform/engine/sandbox.ts'
import { findBubblewrap } from '../../src/processes/bubblewrap.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'
import { openWorkshop, taskOf } from '../engine/workshop.ts'
import { oneContainer, shell } from './specs.ts'

const bubblewrap = await findBubblewrap()
if (!bubblewrap.found) console.warn(`skipped: no sandboxes here: ${bubblewrap.reason}`)

let controller: string
beforeAll(async () => {
  controller = await realpath(await mkdtemp(join(tmpdir(), 'winnow-controller-')))
  await writeFile(join(controller, 'token'), 'the token')
  await mkdir(join(controller, 'store'))
  await writeFile(join(controller, 'store', 'rows'), 'the rows')
  await mkdir(join(controller, 'python', 'bin'), { recursive: true })
  await mkdir(join(controller, 'farm'))
  await writeFile(join(controller, 'farm', 'rows.csv'), 'the farm')
  await writeFile(join(controller, 'farm', 'secret'), 'the secret')
  await writeFile(join(controller, 'data.csv'), 'the data')
})
afterAll(() => rm(controller, { recursive: true, force: true }))

const sandboxOf = (root: string, more: { network?: boolean; shared?: boolean } = {}) =>
  createSandbox({
    program: bubblewrap.found ? bubblewrap.program : '',
    root: join(root, 'platform'),
    network: more.network ?? true,
    shared: more.shared ?? false,
    hidden: [join(root, 'platform'), controller, join(controller, 'farm', 'secret')],
    readable: [join(controller, 'python'), join(controller, 'data.csv'), join(controller, 'farm')],
    artifacts: [join(root, 'platform', 'artifacts')],
  })

describe.skipIf(!bubblewrap.found)('a task in a sandbox', () => {
  const say = async (script: string, more: { network?: boolean; pipeline?: (spec: JsonObject) => JsonObject } = {}) => {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'winnow-sandboxed-')))
    await using workshop = await openWorkshop({ containers: 'host', sandbox: sandboxOf(root, more) })
    const container = shell(`mkdir -p "$(dirname "$0")"; { ${script}; } > "$0" 2>&1; true`, { image: 'bread:1' })
    const spec = oneContainer(container)
    await workshop.startSpec('one', more.pipeline?.(spec) ?? spec)
    const view = await workshop.ended('one')
    await rm(root, { recursive: true, force: true })
    expect(view.error).toBeNull()
    return String(taskOf(view, 'work').outputs.parameters['said'])
  }

  it('finds the launchers of components, also where the installation lies in a folder that is hidden', async () => {
    const engine = join(import.meta.dirname, '../../src/platform/engine')
    const sandbox = createSandbox({
      program: bubblewrap.found ? bubblewrap.program : '',
      root: controller,
      network: true,
      shared: false,
      hidden: [await realpath(join(import.meta.dirname, '../..'))],
      readable: [],
      artifacts: [],
    })
    const view = { readable: [], writable: [], artifactRoot: controller, cwd: '/' }
    const [command, args] = sandbox.enclose(view)('/bin/ls', [
      join(engine, 'work/node/run-component.mjs'),
      join(engine, 'python/run_component.py'),
    ])
    const listed = await runProcess({ command, args: [...args], cwd: '/', env: scrubbedEnvironment() })
    expect(listed.exitCode).toBe(0)
    expect(listed.stdout.trim().split('\n')).toHaveLength(2)
  })

  it('reads nothing of the controller but what every task may read', async () => {
    const said = await say(`ls ${controller}; cat ${controller}/token ${controller}/store/rows ${controller}/data.csv`)
    expect(said.split('\n').slice(0, 2)).toEqual(['data.csv', 'farm'])
    expect(said).toContain('the data')
    expect(said).not.toMatch(/the token|the rows/)
  })

  it('reads a folder that the configuration opens, without the secret in it', async () => {
    const said = await say(`cat ${controller}/farm/rows.csv ${controller}/farm/secret`)
    expect(said).toMatch(/^the farm/)
    expect(said).not.toContain('the secret')
  })

  it('reads nothing of the home of who runs it', async () => {
    const keys = join(homedir(), '.ssh')
    expect(await say(`ls -a ${homedir()} | grep -c -e '^.ssh$' -e '^.bash' -e '^.profile$'; ls ${keys}`)).toMatch(
      /^0\n.*No such file/,
    )
  })

  it('writes its own folders, and nothing else that lasts', async () => {
    const outside = [
      `${controller}/written`,
      `${controller}/data.csv`,
      join(dirname(import.meta.dirname), 'written'),
      '/etc/written',
    ]
    const said = await say(
      `for path in ${outside.join(' ')}; do (echo x > $path) 2>/dev/null; done; echo own > mine && cat mine; echo there > /tmp/there && cat /tmp/there; pwd`,
    )
    expect(said).toMatch(/^own\nthere\n.*\/attempt-1\/work\n$/)
    const left = spawnSync('sh', ['-c', `ls ${outside.join(' ')} /tmp/there; cat ${controller}/data.csv`], {
      encoding: 'utf8',
    })
    expect(left.stdout).toBe(`${controller}/data.csv\nthe data`)
  })

  it('sees no other process, and may mount and trace nothing', async () => {
    const said = await say(
      'ls /proc | grep -c "^[0-9]"; umount /tmp; mount -t tmpfs none /mnt; grep CapEff /proc/self/status',
    )
    expect(Number(said.split('\n')[0])).toBeLessThan(10)
    expect(said).toMatch(/umount: .*\nmount: /s)
    expect(said).toMatch(/CapEff:\s0{15}[02]/)
  })

  it('may not open what is hidden by calling it an input', async () => {
    const import_ = (uri: string) => (spec: JsonObject) => {
      const { components, deploymentSpec, root } = spec as {
        components: JsonObject
        deploymentSpec: JsonObject
        root: JsonObject
      }
      const artifact = { artifactType: { schemaTitle: 'system.Artifact' } }
      return {
        ...spec,
        components: {
          'comp-import': { executorLabel: 'exec-import', outputDefinitions: { artifacts: { artifact } } },
          'comp-work': {
            ...(components['comp-work'] as JsonObject),
            inputDefinitions: { artifacts: { given: artifact } },
          },
        },
        deploymentSpec: {
          executors: {
            ...(deploymentSpec['executors'] as JsonObject),
            'exec-import': {
              importer: { artifactUri: { constant: uri }, typeSchema: { schemaTitle: 'system.Artifact' } },
            },
          },
        },
        root: {
          dag: {
            tasks: {
              import: { componentRef: { name: 'comp-import' }, taskInfo: { name: 'import' } },
              work: {
                ...((root['dag'] as JsonObject)['tasks'] as { work: JsonObject }).work,
                dependentTasks: ['import'],
                inputs: {
                  artifacts: {
                    given: { taskOutputArtifact: { producerTask: 'import', outputArtifactKey: 'artifact' } },
                  },
                },
              },
            },
          },
        },
      } as JsonObject
    }
    const token = join(controller, 'token')
    expect(await say(`cat ${token}`, { pipeline: import_(token) })).not.toContain('the token')
    expect(await say(`cat ${token}`, { pipeline: import_(controller) })).not.toContain('the token')
    expect(await say(`cat ${token}`, { pipeline: import_('/') })).not.toContain('the token')
  })

  it('has one of its own where an input lies outside of what a shared one shows', async () => {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'winnow-sandboxed-')))
    const shares = (input: string): boolean =>
      sandboxOf(root, { shared: true }).encloseServer?.(root, [input]) !== undefined
    expect(shares(join(root, 'platform', 'artifacts', 'made'))).toBe(true)
    expect(shares(join(controller, 'farm', 'rows.csv'))).toBe(true)
    expect(shares('https://models.example/one')).toBe(true)
    const imported = join(tmpdir(), `winnow-imported-${process.pid}.csv`)
    expect(shares(imported)).toBe(false)
    await rm(root, { recursive: true, force: true })
  })

  it('reaches the platform on loopback, or nothing at all', async () => {
    const server = createServer((socket) => socket.end('hello\n'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const call = `python3 -c 'import socket; print(socket.create_connection(("127.0.0.1", ${port}), 20).recv(9))'`
    try {
      expect(await say(call)).toContain('hello')
      expect(await say(call, { network: false })).toMatch(/refused|unreachable/i)
    } finally {
      server.close()
    }
  })

  it('ends with the one who started it', async () => {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'winnow-sandboxed-')))
    const enclose = sandboxOf(root).enclose({ readable: [], writable: [root], artifactRoot: root, cwd: root })
    const request = {
      command: '/bin/sh',
      args: ['-c', 'sleep 98761 & sleep 98761'],
      cwd: root,
      env: scrubbedEnvironment(),
      enclose,
    }
    const result = await runProcess({ ...request, timeoutMs: 500 })
    expect(result.timedOut).toBe(true)
    const left = (): string => spawnSync('pgrep', ['-f', 'sleep 98761'], { encoding: 'utf8' }).stdout
    const deadline = Date.now() + 20_000
    while (left() !== '' && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(left()).toBe('')
    await rm(root, { recursive: true, force: true })
  })
})
