import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ConfigFile, type SecretReference } from './config-schema.ts'
import { loadYaml } from './declarations/load-yaml.ts'
import { formatFault } from './declarations/placed-fault.ts'
import { Fault, messageOf } from './domain/errors.ts'
import { nearestName } from './domain/nearest-name.ts'
import { signingSecretFault } from './source-faults.ts'

export type Config = Readonly<ConfigFile>

/** What must not be logged, kept apart from the config that may be. */
export interface Secrets {
  readonly databaseUrl: string | undefined
  readonly redisUrl: string | undefined
  /** Webhook secrets by repository, the newest first. */
  readonly webhooks: Readonly<Record<string, readonly string[]>>
  readonly accessTokens: Readonly<Record<string, string>>
  /** Secrets of the sources of data, by their names: of what they send, and what they are read with. */
  readonly sources: Readonly<Record<string, SourceSecrets>>
  /** API tokens of people, by their names. */
  readonly people: Readonly<Record<string, string>>
}

interface SourceSecrets {
  /** The newest first; none for sources that sign otherwise. */
  readonly signing: readonly string[]
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

type Environment = Readonly<Record<string, string | undefined>>

/** Environment variables that override the file; any other WINNOW_ name is a fault, so a typo is not silent. */
const overrides = {
  WINNOW_DATA: 'dataFolder',
  WINNOW_ROLE: 'role',
  WINNOW_LOG_LEVEL: 'logLevel',
  WINNOW_PYTHON: 'python',
  WINNOW_HOST: 'listen.host',
  WINNOW_PORT: 'listen.port',
} as const
const otherNames = [
  'WINNOW_CONFIG',
  'WINNOW_URL',
  'WINNOW_TOKEN',
  'WINNOW_DEBUG',
  'WINNOW_DATABASE_URL',
  'WINNOW_REDIS_URL',
]

/**
 * The file, overridden by the environment, checked whole: every fault comes at once, each naming its key.
 * Relative paths start at the config file's folder. Throws Fault `config_invalid`.
 */
export const loadConfig = (
  file: string,
  environment: Environment = process.env,
  flags: { readonly dataFolder?: string; readonly role?: string } = {},
): { readonly config: Config; readonly secrets: Secrets } => {
  const faults: string[] = [...unknownVariables(environment)]
  const loaded = loadYaml(readText(file), file, ConfigFile)
  if (!loaded.ok) throw invalid(file, [...faults, ...loaded.faults.map(formatFault)])

  const overridden = ConfigFile.safeParse(applyOverrides(loaded.value, environment, flags))
  if (!overridden.success)
    faults.push(
      ...overridden.error.issues.map(
        (issue) => `${variableOf(issue.path.join('.'))}: ${issue.message.replace(/^Invalid input: /, '')}`,
      ),
    )
  const parsed = overridden.success ? overridden.data : loaded.value
  const base = dirname(resolve(file))
  const secrets = resolveSecrets(parsed, environment, base, (path, message) =>
    faults.push(formatFault(loaded.place(path, message))),
  )
  for (const [name, repository] of Object.entries(parsed.repositories))
    for (const target of repository.targets)
      if (parsed.targets[target] === undefined)
        faults.push(
          formatFault(
            loaded.place(
              ['repositories', name, 'targets'],
              `there is no target ${target}; targets are ${Object.keys(parsed.targets).join(', ')}`,
            ),
          ),
        )
  for (const [name, { upstream }] of Object.entries(parsed.repositories))
    for (const other of upstream)
      if (parsed.repositories[other] === undefined)
        faults.push(formatFault(loaded.place(['repositories', name, 'upstream'], `there is no repository ${other}`)))
  for (const [name, source] of Object.entries(parsed.sources))
    for (const repository of source.repositories)
      if (parsed.repositories[repository] === undefined)
        faults.push(
          formatFault(loaded.place(['sources', name, 'repositories'], `there is no repository ${repository}`)),
        )
  if (faults.length > 0) throw invalid(file, faults)
  return { config: Object.freeze(withAbsolutePaths(parsed, base)), secrets }
}

const invalid = (file: string, faults: readonly string[]): Fault =>
  new Fault(
    'config_invalid',
    `The configuration ${file} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}`,
    {
      details: faults,
      remedy: 'Mend them and start again; docs/configuration.md has every key.',
    },
  )

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('config_invalid', `The configuration ${file} cannot be read: ${messageOf(cause)}`, {
      remedy: 'Name it with --config or WINNOW_CONFIG, or try `winnow dev`, which needs none.',
      cause,
    })
  }
}

const unknownVariables = (environment: Environment): readonly string[] => {
  const known = [...Object.keys(overrides), ...otherNames]
  return Object.keys(environment)
    .filter((name) => name.startsWith('WINNOW_') && !name.startsWith('WINNOW_TEST_') && !known.includes(name))
    .filter((name) => !name.startsWith('WINNOW_SECRET_'))
    .map((name) => {
      const near = nearestName(name, known)
      return `${name}: unknown variable${near === undefined ? '' : `, did you mean ${near}?`} (variables that hold secrets start with WINNOW_SECRET_)`
    })
}

const applyOverrides = (
  file: ConfigFile,
  environment: Environment,
  flags: { dataFolder?: string; role?: string },
): unknown => {
  const { WINNOW_DATA, WINNOW_ROLE, WINNOW_LOG_LEVEL, WINNOW_PYTHON, WINNOW_HOST, WINNOW_PORT } = environment
  const given = (value: string | undefined): value is string => value !== undefined && value !== ''
  const dataFolder = flags.dataFolder ?? WINNOW_DATA
  const role = flags.role ?? WINNOW_ROLE
  return {
    ...file,
    // A path on the command line or in the environment starts where the person stands, not at the file.
    ...(given(dataFolder) ? { dataFolder: resolve(dataFolder) } : {}),
    ...(given(role) ? { role } : {}),
    ...(given(WINNOW_LOG_LEVEL) ? { logLevel: WINNOW_LOG_LEVEL } : {}),
    ...(given(WINNOW_PYTHON) ? { python: WINNOW_PYTHON } : {}),
    listen: {
      host: given(WINNOW_HOST) ? WINNOW_HOST : file.listen.host,
      port: given(WINNOW_PORT) ? Number(WINNOW_PORT) : file.listen.port,
    },
  }
}

const variableOf = (path: string): string => Object.entries(overrides).find(([, key]) => key === path)?.[0] ?? path

/** A token that can be guessed is somebody else's. */
const shortestToken = 16

const resolveSecrets = (
  file: ConfigFile,
  environment: Environment,
  base: string,
  fault: (path: readonly (string | number)[], message: string) => void,
): Secrets => {
  const read = (reference: SecretReference, path: readonly (string | number)[]): string | undefined => {
    const [from, value] =
      'env' in reference
        ? [`the variable ${reference.env}`, environment[reference.env]]
        : [`the file ${reference.file}`, readSecretFile(resolve(base, reference.file))]
    if (value === undefined || value.trim() === '') {
      fault(path, `${from} holds no secret`)
      return undefined
    }
    return value.trim()
  }
  const webhooks: Record<string, readonly string[]> = {}
  const accessTokens: Record<string, string> = {}
  for (const [name, repository] of Object.entries(file.repositories)) {
    webhooks[name] = repository.secrets
      .map((reference, i) => read(reference, ['repositories', name, 'secrets', i]))
      .filter((secret): secret is string => secret !== undefined)
    const token = repository.accessToken && read(repository.accessToken, ['repositories', name, 'accessToken'])
    if (token !== undefined) accessTokens[name] = token
  }
  const sources: Record<string, SourceSecrets> = {}
  for (const [name, source] of Object.entries(file.sources)) {
    const signing = source.secrets
      .map((reference, i) => {
        const secret = read(reference, ['sources', name, 'secrets', i])
        const wrong = secret && signingSecretFault(secret)
        if (wrong) fault(['sources', name, 'secrets', i], wrong)
        return secret
      })
      .filter((secret): secret is string => secret !== undefined)
    const { credentials } = source
    const [accessKeyId, secretAccessKey] = (['accessKeyId', 'secretAccessKey'] as const).map(
      (part) => credentials && read(credentials[part], ['sources', name, 'credentials', part]),
    )
    sources[name] =
      accessKeyId === undefined || secretAccessKey === undefined
        ? { signing }
        : { signing, credentials: { accessKeyId, secretAccessKey } }
  }
  const people: Record<string, string> = {}
  for (const [name, person] of Object.entries(file.people)) {
    const token = read(person.token, ['people', name, 'token'])
    if (token === undefined) continue
    if (token.length < shortestToken)
      fault(['people', name, 'token'], `expected a token of at least ${shortestToken} characters`)
    const other = Object.entries(people).find(([, known]) => known === token)
    if (other !== undefined) fault(['people', name, 'token'], `${other[0]} has the same token`)
    people[name] = token
  }
  return {
    databaseUrl: environment['WINNOW_DATABASE_URL'] ?? environment['DATABASE_URL'],
    redisUrl: environment['WINNOW_REDIS_URL'] ?? environment['REDIS_URL'],
    webhooks,
    accessTokens,
    sources,
    people,
  }
}

const readSecretFile = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

const withAbsoluteFile = (reference: SecretReference, base: string): SecretReference =>
  'file' in reference ? { file: resolve(base, reference.file) } : reference

const withAbsolutePaths = (file: ConfigFile, base: string): ConfigFile => ({
  ...file,
  dataFolder: resolve(base, file.dataFolder),
  platform: {
    ...file.platform,
    addresses: Object.fromEntries(
      Object.entries(file.platform.addresses).map(([address, path]) => [
        address,
        resolve(base, path) + (path.endsWith('/') ? '/' : ''),
      ]),
    ),
  },
  sources: Object.fromEntries(
    Object.entries(file.sources).map(([name, { credentials, ...source }]) => [
      name,
      {
        ...source,
        secrets: source.secrets.map((reference) => withAbsoluteFile(reference, base)),
        ...(credentials === undefined
          ? {}
          : {
              credentials: {
                accessKeyId: withAbsoluteFile(credentials.accessKeyId, base),
                secretAccessKey: withAbsoluteFile(credentials.secretAccessKey, base),
              },
            }),
      },
    ]),
  ),
  people: Object.fromEntries(
    Object.entries(file.people).map(([name, person]) => [
      name,
      { ...person, token: withAbsoluteFile(person.token, base) },
    ]),
  ),
  repositories: Object.fromEntries(
    Object.entries(file.repositories).map(([name, repository]) => [
      name,
      {
        ...repository,
        dataRoot: resolve(base, repository.dataRoot ?? '.'),
        secrets: repository.secrets.map((reference) => withAbsoluteFile(reference, base)),
        ...(repository.accessToken === undefined
          ? {}
          : { accessToken: withAbsoluteFile(repository.accessToken, base) }),
      },
    ]),
  ),
})
