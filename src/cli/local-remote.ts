import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { Fault } from '../domain/errors.ts'
import { installHook } from './hook/install-hook.ts'

const run = promisify(execFile)

/** Runs git as the person at this terminal would; its own words are the error. */
export const git = async (folder: string, ...args: readonly string[]): Promise<string> => {
  try {
    const { stdout, stderr } = await run('git', ['-C', folder, ...args], { maxBuffer: 16 << 20 })
    return `${stdout}${stderr}`.trim()
  } catch (cause) {
    const { code, stderr } = cause as { code?: unknown; stderr?: string }
    if (code === 'ENOENT')
      throw new Fault('usage', 'git is not installed', { remedy: 'Install git 2.30 or newer.', cause })
    throw new Fault('process_failed', `git ${args[0]} failed`, { details: (stderr ?? '').trim().split('\n'), cause })
  }
}

export interface LocalRemote {
  readonly folder: string
  readonly name: string
  readonly secretFile: string
  /** Where the controller listens. */
  readonly url: string
}

/** A bare repository on this machine that tells the controller of each push. Doing it twice changes nothing. */
export const ensureLocalRemote = async (remote: LocalRemote): Promise<void> => {
  if (!existsSync(remote.folder)) {
    await mkdir(remote.folder, { recursive: true })
    await git(remote.folder, 'init', '--quiet', '--bare', '--initial-branch=main')
  }
  if (!existsSync(remote.secretFile)) {
    await mkdir(dirname(remote.secretFile), { recursive: true })
    await writeFile(remote.secretFile, randomBytes(32).toString('hex'), { mode: 0o600 })
  }
  await installHook(remote.folder, { url: remote.url, repository: remote.name, secretFile: remote.secretFile })
}
