import type { ContainerExecutor } from '../../../pipelines/execution.ts'
import { parseShell, type ShellCommand } from './shell-words.ts'

/** A Python function compiled into a component: its source travels in the command, so no image is needed to run it. */
export interface LightweightPython {
  /** The text of the module that holds the function. */
  readonly source: string
  /** `kfp.dsl.executor_main`, or where older compilers had it. */
  readonly module: string
  /** Lines of a requirements file; `--no-deps NAME` for packages that are installed alone. */
  readonly requirements: readonly string[]
}

const launcherModule = /python3?\s+-m\s+(kfp(?:\.v2)?\.(?:dsl|components)\.executor_main)\b/
const writesSource = /printf\s+"%s"\s+"\$0"\s*>\s*"\$program_path\/ephemeral_component\.py"/

/** What the wrapper does besides installing, by its first words: none of it is needed in an environment of its own. */
const preparations = [
  /^if ! \[ -x /,
  /^then$/,
  /^python3 -m ensurepip( --user)?$/,
  /^apt-get install python3-pip$/,
  /^fi$/,
  /^export PIP_DISABLE_PIP_VERSION_CHECK=1$/,
  /^tmp=\$\(mktemp -d\)$/,
  /^python3 -m venv \S+ --system-site-packages$/,
  /^\. \S+\/bin\/activate$/,
  /^\$0 \$@$/,
]
const quietOptions = new Set(['--quiet', '-q', '--no-warn-script-location', '--no-deps', '--user', '--upgrade', '-U'])
const indexOptions = new Set(['--index-url', '--extra-index-url', '--trusted-host', '--find-links'])

/** `[PIP_…=1] python3 -m pip install …` → the words after `install`. */
const installWords = (command: ShellCommand): readonly string[] | undefined => {
  const words = command.filter((word, index) => index > 0 || !/^PIP_\w+=/.test(word))
  const [python = '', ...rest] = words
  return /^python3?$/.test(python) && rest.slice(0, 3).join(' ') === '-m pip install' ? rest.slice(3) : undefined
}

/** The lines that one `pip install` stands for; undefined where it has an option that is not understood. */
const requirementsOf = (words: readonly string[]): readonly string[] | undefined => {
  const options: string[] = []
  const packages: string[] = []
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string
    if (indexOptions.has(word)) {
      options.push(`${word} ${words[i + 1] ?? ''}`)
      i += 1
    } else if (word.startsWith('-') && !quietOptions.has(word)) return undefined
    else if (!word.startsWith('-')) packages.push(word)
  }
  const prefix = words.includes('--no-deps') ? '--no-deps ' : ''
  return [...options, ...packages.map((name) => `${prefix}${name}`)]
}

const wrapperRequirements = (wrapper: string): readonly string[] | undefined => {
  const commands = parseShell(wrapper)
  if (commands === undefined) return undefined
  const requirements: string[] = []
  for (const command of commands) {
    const words = installWords(command)
    if (words === undefined) {
      if (!preparations.some((known) => known.test(command.join(' ')))) return undefined
      continue
    }
    const lines = requirementsOf(words)
    if (lines === undefined) return undefined
    requirements.push(...lines)
  }
  return requirements
}

const namesKfp = (line: string): boolean => /^(--no-deps )?kfp\s*(\[|[=<>!~@ ]|$)/.test(line)

/**
 * Recognises a lightweight Python component by its command: `[sh -c WRAPPER] sh -ec LAUNCHER SOURCE`. What the wrapper
 * would install is read out of its text; where it installs no kfp, the version that compiled the spec is taken.
 * Undefined for any other shape: that is a container like others.
 */
export const parseLightweightPython = (
  { command }: Pick<ContainerExecutor, 'command'>,
  sdkVersion: string | undefined,
): LightweightPython | undefined => {
  if (!command.every((word) => typeof word === 'string')) return undefined
  const words = command as readonly string[]
  const [shell, flag, launcher, source, ...more] = words.slice(-4)
  if (shell !== 'sh' || flag !== '-ec' || source === undefined || more.length > 0) return undefined
  const module = launcherModule.exec(launcher ?? '')?.[1]
  if (module === undefined || !writesSource.test(launcher ?? '')) return undefined

  const wrapper = words.slice(0, -4)
  if (wrapper.length > 0 && (wrapper.length !== 3 || wrapper[0] !== 'sh' || wrapper[1] !== '-c')) return undefined
  const requirements = wrapper[2] === undefined ? [] : wrapperRequirements(wrapper[2])
  if (requirements === undefined) return undefined
  const version = /^kfp-(\d[\w.]*)$/.exec(sdkVersion ?? '')?.[1]
  const ownKfp = requirements.some(namesKfp) || version === undefined ? [] : [`--no-deps kfp==${version}`]
  return { source, module, requirements: [...requirements, ...ownKfp] }
}
