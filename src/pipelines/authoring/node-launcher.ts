// How a TypeScript component stands in the IR: `sh -ec LAUNCHER SOURCE`, so that any image with Node can run it, and a
// platform that knows the launcher can run it without an image.

const begin = 'program_path=$(mktemp -d)\nprintf "%s" "$0" > "$program_path/component.mjs"\n'
const install = 'npm install --prefix "$program_path" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error '
const run = 'exec node "$program_path/component.mjs" "$@"\n'

const quoted = (word: string): string => `'${word}'`
/** A package and its version: `lodash@4.17.21`, `@scope/name@^1.2`. */
export const isPackage = (text: string): boolean =>
  /^(@[\w.-]+\/)?[\w.-]+(@[\w.^~<>=|* -]+)?$/.test(text) && !text.startsWith('-')

export const nodeCommand = (source: string, packages: readonly string[]): readonly string[] => [
  'sh',
  '-ec',
  `${begin}${packages.length === 0 ? '' : `${install}${packages.map(quoted).join(' ')}\n`}${run}`,
  source,
]

export interface LightweightNode {
  /** The text of the module that holds the function and runs it. */
  readonly source: string
  readonly packages: readonly string[]
}

/** The other way round: undefined for a command that is no TypeScript component. */
export const parseNodeCommand = (command: readonly unknown[]): LightweightNode | undefined => {
  const [shell, flag, launcher, source, ...more] = command
  if (shell !== 'sh' || flag !== '-ec' || typeof launcher !== 'string' || typeof source !== 'string') return undefined
  if (more.length > 0 || !launcher.startsWith(begin) || !launcher.endsWith(run)) return undefined
  const between = launcher.slice(begin.length, launcher.length - run.length)
  if (between === '') return { source, packages: [] }
  if (!between.startsWith(install)) return undefined
  const packages =
    between
      .slice(install.length)
      .match(/'[^']*'/g)
      ?.map((word) => word.slice(1, -1)) ?? []
  return nodeCommand(source, packages)[2] === launcher ? { source, packages } : undefined
}
