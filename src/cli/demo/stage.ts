import { execFile } from 'node:child_process'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findPython } from '../../processes/python-interpreter.ts'
import { freePort } from '../free-port.ts'
import { localAddresses } from '../local-addresses.ts'
import { writeLocalConfig } from '../local-config.ts'
import { ensureLocalRemote, git } from '../local-remote.ts'

/** Everything that the demo plays with, in one folder. */
export interface Stage {
  readonly folder: string
  /** Of the controller; Python environments in it outlive the demo. */
  readonly data: string
  /** The working copy that the demo commits in. */
  readonly work: string
  readonly remote: string
  readonly incoming: string
  readonly configFile: string
  readonly url: string
  readonly makeBeans: (rows: number, seed: number, out: string) => Promise<void>
}

const example = fileURLToPath(new URL('../../../examples/beans', import.meta.url))
const run = promisify(execFile)

/** Lays a fresh stage: the example as a git repository, a remote with the hook, data, and a config. Only the Python environments stay from the last time. */
export const layStage = async (folder: string): Promise<Stage> => {
  const data = join(folder, 'controller')
  const work = join(folder, 'beans')
  const remote = join(folder, 'beans.git')
  const incoming = join(work, 'incoming')
  const configFile = join(folder, 'winnow.config.yaml')
  const secretFile = join(folder, 'hook.secret')
  for (const old of [work, remote, configFile, secretFile]) await rm(old, { recursive: true, force: true })
  for (const old of ['store', 'platform', 'artifacts', 'git', 'token', 'server.json'])
    await rm(join(data, old), { recursive: true, force: true })
  await mkdir(data, { recursive: true, mode: 0o700 })

  await cp(example, work, { recursive: true, filter: (path) => !/__pycache__/.test(path) })
  await mkdir(incoming)
  const python = await findPython(process.env['WINNOW_PYTHON'] ?? 'python3')
  const makeBeans = async (rows: number, seed: number, out: string): Promise<void> => {
    await run(python.path, [join(work, 'make_beans.py'), '--rows', String(rows), '--seed', String(seed), '--out', out])
  }
  const url = `http://127.0.0.1:${await freePort()}`
  await ensureLocalRemote({ folder: remote, name: 'beans', secretFile, url })
  await git(work, 'init', '--quiet', '--initial-branch=main')
  await git(work, 'config', 'user.name', 'winnow demo')
  await git(work, 'config', 'user.email', 'demo@localhost')
  await git(work, 'remote', 'add', 'origin', remote)
  await writeLocalConfig({
    file: configFile,
    port: Number(new URL(url).port),
    dataFolder: data,
    repository: 'beans',
    remote,
    secretFile,
    dataRoot: work,
    environments: ['dev'],
    addresses: await localAddresses(work, []),
  })
  return { folder, data, work, remote, incoming, configFile, url, makeBeans }
}
