import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const environment = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Grower',
  GIT_AUTHOR_EMAIL: 'grower@example.org',
  GIT_COMMITTER_NAME: 'Grower',
  GIT_COMMITTER_EMAIL: 'grower@example.org',
  REMOTE_USER: 'grower',
}

/** Runs the real git in a folder; what it prints on stdout comes back, what it prints on stderr goes to `said`. */
export const git = async (folder: string, args: readonly string[], said: string[] = []): Promise<string> => {
  const { stdout, stderr } = await run('git', ['-C', folder, ...args], {
    env: environment,
    maxBuffer: 64 * 1024 * 1024,
  })
  said.push(...stderr.split('\n'))
  return stdout.trim()
}

/** git with something on its stdin. */
export const gitInput = (folder: string, args: readonly string[], input: string | Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile('git', ['-C', folder, ...args], { env: environment }, (error, stdout) =>
      error === null ? resolve(stdout.trim()) : reject(error),
    )
    child.stdin?.end(input)
  })

export const bareRepository = async (folder: string, ...options: readonly string[]): Promise<string> => {
  await mkdir(folder, { recursive: true })
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main', ...options])
  return folder
}

/** A working repository whose `origin` is `bare`. */
export const workingRepository = async (
  folder: string,
  bare: string,
  ...options: readonly string[]
): Promise<string> => {
  await mkdir(folder, { recursive: true })
  await git(folder, ['init', '--quiet', '--initial-branch=main', ...options])
  await git(folder, ['remote', 'add', 'origin', bare])
  return folder
}

export const commitFiles = async (
  folder: string,
  files: Readonly<Record<string, string | Buffer>>,
  message = 'More',
): Promise<string> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await git(folder, ['add', '--all', '--force'])
  await git(folder, ['commit', '--quiet', '--allow-empty', '--message', message])
  return git(folder, ['rev-parse', 'HEAD'])
}
