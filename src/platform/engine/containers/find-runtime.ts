import { messageOf } from '../../../domain/errors.ts'
import { type ContainerClient, type ContainerProgram, createContainerClient, lastWord } from './container-client.ts'

/** A container program whose daemon answers. */
export interface ContainerRuntime {
  readonly kind: 'runtime'
  readonly program: ContainerProgram
  readonly version: string
  /** Flags that make files written inside belong to who runs the platform. */
  readonly user: readonly string[]
  readonly client: ContainerClient
}
export interface RuntimeMissing {
  readonly kind: 'missing'
  /** Why, one clause for each program that was tried. */
  readonly reason: string
}

/** A daemon that does not answer in this time is not there. */
const probeMs = 10_000

/** Rootless programs map this user to root inside; the others are told its ids. */
const userFlags = (program: ContainerProgram, rootless: boolean): readonly string[] => {
  const ids = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
  if (!rootless) return ['--user', ids]
  return program === 'podman' ? ['--userns', 'keep-id', '--user', ids] : ['--user', '0:0']
}

/** The answers of both programs to `info`, as text: where podman says whether it is rootless, and where docker does. */
const questions = {
  docker: '{{.ServerVersion}} {{json .SecurityOptions}}',
  podman: '{{.Version.Version}} {{if .Host.Security.Rootless}}rootless{{end}}',
} as const

const ask = async (program: ContainerProgram): Promise<ContainerRuntime | string> => {
  const client = createContainerClient(program)
  try {
    const answer = await client(['info', '--format', questions[program]], { timeoutMs: probeMs })
    if (answer.timedOut) return `${program} did not answer in ${probeMs / 1000} s`
    const [version = '', ...rest] = answer.stdout.trim().split(' ')
    // docker's client ends well without a daemon, and has only its complaint to tell.
    if (answer.exitCode !== 0 || !/^\d/.test(version)) return `${program} does not answer: ${lastWord(answer)}`
    return { kind: 'runtime', program, version, user: userFlags(program, rest.join(' ').includes('rootless')), client }
  } catch (error) {
    return /ENOENT/.test(messageOf(error)) ? `${program} is not installed` : messageOf(error)
  }
}

/** The first of these programs that answers. */
export const findRuntime = async (
  programs: readonly ContainerProgram[],
): Promise<ContainerRuntime | RuntimeMissing> => {
  const reasons: string[] = []
  for (const program of programs) {
    const found = await ask(program)
    if (typeof found !== 'string') return found
    reasons.push(found)
  }
  return { kind: 'missing', reason: reasons.join('; ') }
}
