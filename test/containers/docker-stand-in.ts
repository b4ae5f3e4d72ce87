// Speaks as much of docker's command line as the engine uses: images are files, a container is a process of this
// machine. Its folder is DOCKER_STAND_IN; every call is a line of calls.jsonl there.
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.env['DOCKER_STAND_IN'] ?? ''
const words = process.argv.slice(2)
mkdirSync(join(folder, 'images'), { recursive: true })
mkdirSync(join(folder, 'containers'), { recursive: true })
appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify(words)}\n`)

interface Container {
  pid: number | null
  labels: readonly string[]
  state: { StartedAt: string; OOMKilled: boolean; Error: string }
}
const encoded = (name: string): string => encodeURIComponent(name)
const imageFile = (name: string): string => join(folder, 'images', encoded(name))
const containerFile = (name: string): string => join(folder, 'containers', encoded(name))
const read = (name: string): Container => JSON.parse(readFileSync(containerFile(name), 'utf8')) as Container
const write = (name: string, container: Container): void =>
  writeFileSync(containerFile(name), JSON.stringify(container))
const fail = (code: number, message: string): never => {
  console.error(message)
  process.exit(code)
}
const stop = (name: string): void => {
  const { pid } = read(name)
  if (pid === null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** Every option that the engine writes has a value: after them come the image and its words. */
const run = (given: readonly string[]): void => {
  const options: [string, string][] = []
  let at = 0
  for (; given[at]?.startsWith('--'); at += 2) options.push([given[at] as string, given[at + 1] ?? ''])
  const all = (name: string): readonly string[] => options.filter(([key]) => key === name).map(([, value]) => value)
  const [image = '', ...args] = given.slice(at)
  const [name = ''] = all('--name')
  const [entrypoint] = all('--entrypoint')
  const container: Container = {
    pid: null,
    labels: all('--label'),
    state: { StartedAt: '0001-01-01T00:00:00Z', OOMKilled: false, Error: '' },
  }
  write(name, container)
  const command = entrypoint === undefined ? args : [entrypoint, ...args]
  const [program = '', ...rest] = command[0] === undefined ? ['/bin/sh', '-c', 'echo the entry point'] : command
  if (program === 'no-such-program') fail(127, `docker: Error response from daemon: exec: "${program}": not found`)
  const env = Object.fromEntries(all('--env').map((pair) => [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1)]))
  const child = spawn(program, rest, { env: { PATH: '/usr/bin:/bin', ...env }, stdio: 'inherit', detached: true })
  write(name, {
    ...container,
    pid: child.pid ?? null,
    state: { ...container.state, StartedAt: new Date().toISOString() },
  })
  child.once('exit', (code, signal) => {
    // The image's name decides: what the kernel did cannot be had at will.
    if (existsSync(containerFile(name)) && image.includes('0e0e')) {
      const known = read(name)
      write(name, { ...known, state: { ...known.state, OOMKilled: true } })
    }
    process.exit(signal === null ? (code ?? 0) : 137)
  })
}

const [verb, ...rest] = words
if (existsSync(join(folder, 'down'))) fail(1, 'Cannot connect to the Docker daemon. Is the docker daemon running?')
if (verb === 'info') console.log('99.1.2 ["name=seccomp,profile=builtin"]')
else if (verb === 'image') {
  const file = imageFile(rest.at(-1) ?? '')
  if (!existsSync(file)) fail(1, `Error response from daemon: No such image: ${rest.at(-1)}`)
  console.log(readFileSync(file, 'utf8').trim())
} else if (verb === 'pull') {
  const image = rest.at(-1) ?? ''
  if (image.includes('private'))
    fail(1, `Using default tag: latest\nError response from daemon: pull access denied for ${image}`)
  const id = image.includes('hungry') ? '0e0e'.repeat(16) : 'ab'.repeat(32)
  const digest = existsSync(join(folder, 'moved')) ? 'cd'.repeat(32) : 'ef'.repeat(32)
  writeFileSync(imageFile(image), `sha256:${id} ["${image}@sha256:${digest}"]`)
} else if (verb === 'run') run(rest)
else if (verb === 'kill') stop(rest[0] ?? '')
else if (verb === 'inspect') {
  const name = rest.at(-1) ?? ''
  if (!existsSync(containerFile(name))) fail(1, `Error: No such object: ${name}`)
  console.log(JSON.stringify(read(name).state))
} else if (verb === 'ps') {
  const label = (rest.at(-1) ?? '').slice('label='.length)
  for (const name of readdirSync(join(folder, 'containers')).map(decodeURIComponent))
    if (read(name).labels.includes(label)) console.log(name)
} else if (verb === 'rm') {
  for (const name of rest.filter((word) => !word.startsWith('--'))) {
    if (!existsSync(containerFile(name))) continue
    stop(name)
    rmSync(containerFile(name))
  }
} else fail(125, `docker: unknown command: ${verb}`)
