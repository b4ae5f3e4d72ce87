import { isWithinAddress } from '../../declarations/data-address.ts'
import type { Place } from '../../declarations/load-yaml.ts'
import { formatFault, type PlacedFault, sortFaults } from '../../declarations/placed-fault.ts'
import {
  type EnvironmentDeclaration,
  type PipelineDeclaration,
  parseWinnowFiles,
  type WinnowYaml,
} from '../../declarations/winnow-yaml.ts'
import { Fault } from '../../domain/errors.ts'
import type { RepositoryHost } from '../../domain/ports/host.ts'
import type { Bounds, RepositoryBounds } from '../running/bounds.ts'
import { declarationFile, findDeclarations } from './find-declarations.ts'

export { declarationFile } from './find-declarations.ts'

export type Declaration =
  | { readonly ok: true; readonly value: WinnowYaml }
  /** `faults` are placed lines for a person; empty where there is no file. */
  | { readonly ok: false; readonly reason: string; readonly faults: readonly string[] }

export interface DeclarationPorts {
  readonly host: RepositoryHost
  readonly bounds: Bounds
}

/** Reads winnow.yaml at a commit, all of them where there are several, within what the config allows the repository. */
export const readDeclaration = async (
  { host, bounds }: DeclarationPorts,
  repository: string,
  commit: string,
  signal: AbortSignal,
): Promise<Declaration> => {
  const allowed = bounds(repository)
  if (allowed === undefined) return { ok: false, reason: `the config names no repository ${repository}`, faults: [] }
  const found = await findDeclarations(host, repository, commit, allowed.declarations ?? [declarationFile], signal)
  if (!found.ok) return { ok: false, reason: found.reason, faults: [] }
  const parsed = parseWinnowFiles(found.texts)
  const faults = parsed.ok
    ? [
        ...boundsFaults(parsed.value, parsed.place, allowed),
        ...upstreamFaults(parsed.value, parsed.place, allowed, repository),
      ]
    : parsed.faults.map(formatFault)
  if (parsed.ok && faults.length === 0) return { ok: true, value: parsed.value }
  return { ok: false, reason: `${declarationFile} has ${count(faults.length, 'fault')}`, faults }
}

/** The declaration at the head of the protected branch: what a change under judgement cannot alter. */
export const readProtectedDeclaration = async (
  ports: DeclarationPorts,
  repository: string,
  signal: AbortSignal,
): Promise<{ readonly commit: string; readonly declaration: Declaration }> => {
  const allowed = ports.bounds(repository)
  if (allowed === undefined)
    return {
      commit: '',
      declaration: { ok: false, reason: `the config names no repository ${repository}`, faults: [] },
    }
  const commit = await ports.host.head(repository, allowed.defaultBranch, signal)
  return { commit, declaration: await readDeclaration(ports, repository, commit, signal) }
}

/** What waits until somebody has corrected winnow.yaml: nothing that happened is lost to a mistake in a file. */
export const waitsForCorrection = (
  what: string,
  { reason, faults }: Extract<Declaration, { readonly ok: false }>,
): Fault =>
  new Fault('declaration_invalid', `${what}: ${reason}`, {
    retryable: true,
    details: faults,
    remedy: `correct ${declarationFile} on the protected branch`,
  })

/** The target that runs execute on: that of the first environment that comes after no other, else the first allowed. */
export const runTargetOf = (yaml: WinnowYaml, allowed: RepositoryBounds): string =>
  yaml.environments.find((environment) => environment.after === null)?.target ?? allowed.targets[0] ?? 'local'

/**
 * The environments that a candidate enters next: those after `live` (null: those after none). One that serves nothing
 * is passed through, since pipelines merely run there.
 */
export const nextEnvironments = (
  environments: readonly EnvironmentDeclaration[],
  live: string | null,
): readonly EnvironmentDeclaration[] =>
  environments
    .filter((environment) => environment.after === live)
    .flatMap((environment) =>
      environment.endpoint === null ? nextEnvironments(environments, environment.name) : [environment],
    )

const boundsFaults = (yaml: WinnowYaml, place: Place, allowed: RepositoryBounds): readonly string[] =>
  sortFaults([
    ...yaml.environments.flatMap((environment) => environmentFaults(environment, allowed, place)),
    ...yaml.pipelines.flatMap((pipeline) => addressFaults(pipeline, allowed, place)),
  ]).map(formatFault)

const environmentFaults = (
  { name, target }: EnvironmentDeclaration,
  allowed: RepositoryBounds,
  place: Place,
): readonly PlacedFault[] => {
  const faults: PlacedFault[] = []
  if (allowed.environments !== undefined && !allowed.environments.includes(name))
    faults.push(
      place(['environments', name], `is not allowed here; ${listed('environment', allowed.environments)}`, 'key'),
    )
  if (!allowed.targets.includes(target))
    faults.push(
      place(['environments', name, 'target'], `${target} is not allowed here; ${listed('target', allowed.targets)}`),
    )
  return faults
}

/** Buckets and tables are the operator's to give: a source of the config that names the repository. */
const addressFaults = (
  { name, on }: PipelineDeclaration,
  { addresses = [] }: RepositoryBounds,
  place: Place,
): readonly PlacedFault[] => {
  const { data } = on
  if (data === null || data.uri.startsWith('file:')) return []
  if (addresses.some((address) => isWithinAddress(data.uri, address))) return []
  const why = `${data.uri} is not allowed here; ${listed('address of data', addresses)}`
  return [place(['pipelines', name, 'on', 'data', 'uri'], why)]
}

const upstreamFaults = (
  yaml: WinnowYaml,
  place: Place,
  { upstream = [] }: RepositoryBounds,
  own: string,
): readonly string[] =>
  yaml.pipelines.flatMap(({ name, on }) =>
    on.upstream.flatMap(({ repository = own }, i) => {
      if (repository === own || upstream.includes(repository)) return []
      const path = ['pipelines', name, 'on', 'upstream', ...(on.upstream.length === 1 ? [] : [i]), 'repository']
      return [formatFault(place(path, `${repository} is not allowed here; ${listed('upstream repository', upstream)}`))]
    }),
  )

const listed = (what: string, names: readonly string[]): string =>
  names.length === 0 ? `the config allows no ${what}` : `the config allows ${names.join(', ')}`

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
