import type { PipelineDeclaration, WinnowYaml } from '../../declarations/winnow-yaml.ts'
import type { Change } from '../../domain/change.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Time } from '../../domain/time.ts'
import { count, readProtectedDeclaration, runTargetOf, waitsForCorrection } from '../declaration/declaration.ts'
import { newRun } from '../runs/new-run.ts'
import type { Decision, MatchPorts, Refusal } from './match.ts'
import { policyFaults } from './policy-faults.ts'

/** What a change that is about no commit starts. */
export type Chosen =
  | { readonly ok: false; readonly reason: string }
  | {
      readonly ok: true
      readonly reason: string
      readonly pipelines: readonly PipelineDeclaration[]
      /** Part of the runs' identity: the same pipeline with the same parameters is to run anew. */
      readonly occasion: string
      readonly parameters?: JsonObject
      readonly refuse?: Refusal
    }

/** A change that is about no commit runs what the protected branch declares now, at its head. */
export const matchProtected = async (
  ports: MatchPorts,
  change: Change,
  at: Time,
  signal: AbortSignal,
  choose: (yaml: WinnowYaml) => Chosen,
): Promise<Decision> => {
  const { repository } = change
  const ignored = (reason: string): Decision => ({ kind: 'end', outcome: { state: 'ignored', reason } })
  const allowed = ports.bounds(repository)
  if (allowed === undefined) return ignored(`the config names no repository ${repository}`)
  const { commit, declaration } = await readProtectedDeclaration(ports, repository, signal)
  if (!declaration.ok) throw waitsForCorrection(`this ${change.cause.kind} waits`, declaration)
  const chosen = choose(declaration.value)
  if (!chosen.ok) return ignored(chosen.reason)
  const faults = await policyFaults(ports, repository, commit, chosen.pipelines, signal)
  if (faults.length > 0) {
    const reason = `the policy has ${count(faults.length, 'fault')}: nothing could pass`
    return { kind: 'end', outcome: { state: 'invalid', reason, faults } }
  }
  const wish = {
    change: change.id,
    repository,
    commit,
    target: runTargetOf(declaration.value, allowed),
    mode: 'run',
    occasion: chosen.occasion,
    ...(chosen.parameters === undefined ? {} : { parameters: chosen.parameters }),
  } as const
  return {
    kind: 'start',
    reason: chosen.reason,
    runs: chosen.pipelines.map((one) => newRun(one, wish, at)),
    ...(chosen.refuse === undefined ? {} : { refuse: chosen.refuse }),
  }
}
