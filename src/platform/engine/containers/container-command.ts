/** A folder or file that a container sees at the path that it has outside. */
export interface ContainerMount {
  readonly path: string
  readonly writable: boolean
}

/** One container, as docker and podman both understand it. */
export interface ContainerRequest {
  /** Unique: it is killed and removed by this name. */
  readonly name: string
  readonly image: string
  /** Takes the place of the image's entry point; empty: the image's own runs. */
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly mounts: readonly ContainerMount[]
  readonly labels: Readonly<Record<string, string>>
  readonly cpus?: number
  readonly memoryBytes?: number
  /** `host`: this machine's own, loopback included. */
  readonly network: 'host' | 'none'
  /** Who runs inside, as flags: it depends on whose daemon it is. */
  readonly user: readonly string[]
}

/** `--mount` takes a line of CSV: a value with a comma or a quote stands in quotes. */
const csvField = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

const mountValue = ({ path, writable }: ContainerMount): string =>
  ['type=bind', csvField(`source=${path}`), csvField(`target=${path}`), ...(writable ? [] : ['readonly'])].join(',')

/** The words after `docker` or `podman`. */
export const containerCommand = (request: ContainerRequest): readonly string[] => {
  const { name, image, command, args, env, mounts, labels, cpus, memoryBytes, network, user } = request
  const [entrypoint, ...rest] = command
  return [
    ...['run', '--name', name, '--pull', 'never', '--network', network],
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...user,
    ...['--security-opt', 'no-new-privileges'],
    ...(cpus === undefined ? [] : ['--cpus', String(cpus)]),
    // The same for both: no swap beside the limit.
    ...(memoryBytes === undefined ? [] : ['--memory', String(memoryBytes), '--memory-swap', String(memoryBytes)]),
    ...mounts.flatMap((mount) => ['--mount', mountValue(mount)]),
    ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
    image,
    ...rest,
    ...args,
  ]
}
