import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createSecretManager } from './adapters/google/secret-manager.ts'
import { ConfigFile, type SecretReference } from './config-schema.ts'
import { loadYaml } from './declarations/load-yaml.ts'
import { formatFault } from './declarations/placed-fault.ts'
import { containsAddress } from './domain/data-address.ts'
import { Fault } from './domain/errors.ts'
import { nearestName } from './domain/nearest-name.ts'
import { whyNot } from './domain/why-not.ts'
import { type Environment, fetchSecrets, resolveSecrets, type SecretManager, type Secrets } from './secrets.ts'

export type { Secrets } from './secrets.ts'

export type Config = Readonly<ConfigFile>

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
export const loadConfig = async (
  file: string,
  environment: Environment = process.env,
  flags: { readonly dataFolder?: string; readonly role?: string } = {},
  secretManager: SecretManager = createSecretManager,
): Promise<{ readonly config: Config; readonly secrets: Secrets }> => {
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
  const fetched = await fetchSecrets(parsed, secretManager(parsed.google.secretManagerUrl))
  const secrets = resolveSecrets(parsed, { environment, base, fetched }, (path, message) =>
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
  for (const [name, target] of Object.entries(parsed.targets)) {
    const manifests = target.kind === 'vertex' ? target.manifests : undefined
    if (manifests?.startsWith('s3:') && sourceWith(parsed, manifests) === undefined)
      faults.push(
        formatFault(
          loaded.place(['targets', name, 'manifests'], `no source of the config has ${manifests} in its addresses`),
        ),
      )
  }
  if (faults.length > 0) throw invalid(file, faults)
  return { config: Object.freeze(withAbsolutePaths(parsed, base)), secrets }
}

/** The source of the config that speaks for an address of a bucket, by whose endpoint and credentials it is reached. */
export const sourceWith = ({ sources }: Pick<ConfigFile, 'sources'>, address: string): string | undefined =>
  Object.entries(sources).find(([, { addresses }]) => addresses.some((one) => containsAddress(one, address)))?.[0]

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
    throw new Fault('config_invalid', `The configuration ${file} cannot be read: ${whyNot(cause)}`, {
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

const withAbsoluteFile = (reference: SecretReference, base: string): SecretReference =>
  'file' in reference ? { file: resolve(base, reference.file) } : reference

const withAbsolutePaths = (file: ConfigFile, base: string): ConfigFile => ({
  ...file,
  dataFolder: resolve(base, file.dataFolder),
  ...(file.retention === undefined
    ? {}
    : { retention: { ...file.retention, archive: resolve(base, file.retention.archive) } }),
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
