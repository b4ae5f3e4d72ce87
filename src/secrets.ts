import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ConfigFile, SecretReference } from './config-schema.ts'
import { messageOf } from './domain/errors.ts'
import { signingSecretFault } from './source-faults.ts'

export type Environment = Readonly<Record<string, string | undefined>>

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

/** Opens a secret manager at an address; what it opens reads a secret's version by its name, and its errors say why not. */
export type SecretManager = (url: string) => (name: string) => Promise<string>

type FetchedSecrets = ReadonlyMap<string, { readonly value?: string; readonly problem?: string }>

/** Every secret of the config that a secret manager holds, asked for once and all at the same time. */
export const fetchSecrets = async (
  file: ConfigFile,
  read: (name: string) => Promise<string>,
): Promise<FetchedSecrets> => {
  const names = [...new Set(namesIn(file))]
  const answers = await Promise.all(
    names.map(async (name) => {
      try {
        const value = (await read(name)).trim()
        return value === '' ? { problem: 'holds no secret' } : { value }
      } catch (error) {
        return { problem: messageOf(error) }
      }
    }),
  )
  return new Map(names.map((name, i) => [name, answers[i] ?? {}]))
}

const namesIn = (value: unknown): readonly string[] => {
  if (value === null || typeof value !== 'object') return []
  const named = 'secretManager' in value && typeof value.secretManager === 'string' ? [value.secretManager] : []
  return [...named, ...Object.values(value).flatMap(namesIn)]
}

/** A token that can be guessed is somebody else's. */
const shortestToken = 16

/** Where the values of secrets are: two of the three places are read here, the third has been asked before. */
interface SecretPlaces {
  readonly environment: Environment
  /** Where relative paths start. */
  readonly base: string
  readonly fetched: FetchedSecrets
}

/** All secrets that the config names; what cannot be had is a fault at its place. */
export const resolveSecrets = (
  file: ConfigFile,
  { environment, base, fetched }: SecretPlaces,
  fault: (path: readonly (string | number)[], message: string) => void,
): Secrets => {
  const read = (reference: SecretReference, path: readonly (string | number)[]): string | undefined => {
    if ('secretManager' in reference) {
      const answer = fetched.get(reference.secretManager)
      if (answer?.value === undefined)
        fault(path, `${reference.secretManager} ${answer?.problem ?? 'was not asked for'}`)
      return answer?.value
    }
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
    // Whoever sent another one would be refused each time, and not know why.
    if (!/^[!-~]*$/.test(token))
      fault(['people', name, 'token'], 'expected a token of ASCII letters, digits and signs, without blanks')
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
