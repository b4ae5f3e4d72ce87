import type { EnvironmentDeclaration } from '../../declarations/winnow-yaml.ts'
import type { Evidence, ModelVersion } from '../../domain/evidence.ts'
import type { ModelRegistry } from '../../domain/ports/models.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Needs } from '../../policies/evidence/needs.ts'
import { referenceName } from '../../policies/language/policy.ts'
import { nextEnvironments } from '../declaration/declaration.ts'

/** A model to compare with, before it has answered anything. */
export type FoundReference =
  | { readonly kind: 'none' | 'unknown'; readonly reason: string }
  | {
      readonly kind: 'found'
      readonly version: ModelVersion
      /** The target that holds it. */
      readonly target: string
      /** Of its own verdict; null where none is known. */
      readonly evidence: Evidence | null
      /** The run that made it; null where another made it than those of this ledger. */
      readonly run: Run | null
    }

export interface ReferencePorts {
  readonly store: Pick<Store, 'get' | 'list'>
  readonly target: (name: string) => Pick<ModelRegistry, 'models'> | undefined
}

/** The champion first (it may be asked for by any gate), then whatever else the gates name. */
export const findReferences = async (
  ports: ReferencePorts,
  run: Run,
  model: string,
  environments: readonly EnvironmentDeclaration[],
  needs: Pick<Needs, 'references'>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, FoundReference>>> => {
  const found: Record<string, FoundReference> = { champion: await findChampion(ports, run, model, environments) }
  for (const reference of needs.references)
    if (reference.kind === 'model')
      found[referenceName(reference)] = await findByAlias(ports, run, reference.model, reference.alias, signal)
  return found
}

/** What is live in the first of the environments that a pass would be delivered to. */
const findChampion = async (
  { store }: ReferencePorts,
  run: Run,
  model: string,
  declared: readonly EnvironmentDeclaration[],
): Promise<FoundReference> => {
  const environments = nextEnvironments(declared, null)
  const { repository } = run
  for (const { name: environment } of environments) {
    const [live] = await store.list('release', { repository, model, environment, state: 'live' }, 1)
    if (live === undefined) continue
    const verdict = await store.get('verdict', live.verdict)
    return {
      kind: 'found',
      version: live.registered ?? live.candidate,
      target: live.target,
      evidence: verdict?.receipt?.evidence ?? null,
      run: (await store.get('run', live.run)) ?? null,
    }
  }
  const where = environments.map(({ name }) => name).join(', ')
  return {
    kind: 'none',
    reason: where === '' ? 'no environment serves a model' : `no champion is live in ${where} yet`,
  }
}

/** A name that nothing has is more often a mistake than a model to come, so nothing is skipped for it. */
const findByAlias = async (
  { target }: ReferencePorts,
  run: Run,
  model: string,
  alias: string,
  signal: AbortSignal,
): Promise<FoundReference> => {
  const registry = target(run.target)
  if (registry === undefined) return { kind: 'unknown', reason: `the config names no target ${run.target}` }
  const versions = (await registry.models(signal)).filter(
    (version) => version.displayName === model || version.model.endsWith(`/models/${model}`),
  )
  const version = versions.find(({ aliases, version: number }) => aliases.includes(alias) || number === alias)
  if (version !== undefined) return { kind: 'found', version, target: run.target, evidence: null, run: null }
  const reason =
    versions.length === 0 ? `${run.target} holds no model ${model}` : `no version of ${model} has the alias ${alias}`
  return { kind: 'unknown', reason }
}
