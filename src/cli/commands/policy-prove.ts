import { readPredictions } from '../../judging/answers/read-predictions.ts'
import { type Proof, prove } from '../../judging/prove.ts'
import type { Policy } from '../../policies/language/policy.ts'
import { interruptible } from '../interruptible.ts'
import { readMetrics } from '../read-metrics.ts'
import { readPolicy } from '../read-policy.ts'
import { exitCodes, reportFailure } from '../report-failure.ts'
import { paint } from '../style.ts'
import { print, printJson, table } from '../table.ts'

interface Options {
  readonly predictions: string
  readonly label?: string
  readonly champion?: string
  readonly earlier?: string
  readonly metrics?: string
  readonly json?: boolean
}

/**
 * `winnow policy prove POLICY --predictions FILE`: which bad models the policy would ship. Exit 0: none that counts,
 * 1: some, 2: that cannot be said.
 */
export const policyProve = async (file: string, options: Options): Promise<void> => {
  try {
    const { policy } = await readPolicy(file)
    const proof = await interruptible(async (signal) => {
      const read = async (path: string | undefined) =>
        path === undefined ? null : readPredictions({ path, label: options.label ?? null }, signal)
      const toProve = {
        policy,
        honest: await readPredictions({ path: options.predictions, label: options.label ?? null }, signal),
        champion: await read(options.champion),
        earlier: await read(options.earlier),
        stated: await readMetrics(options.metrics, policy.gates),
        target: targetOf(policy) ?? options.label ?? 'label',
      }
      return prove(toProve, signal)
    })
    if (options.json) printJson(proof)
    else for (const line of describeProof(proof)) print(line)
    process.exitCode = proof.telling.length === 0 ? exitCodes.usage : proof.slipped === 0 ? 0 : exitCodes.failed
  } catch (error) {
    // Neither a policy with faults nor a table that cannot be read proves that something slips through.
    reportFailure(error)
    process.exitCode = exitCodes.usage
  }
}

/** What the policy itself calls the target column. */
const targetOf = ({ gates }: Policy): string | undefined =>
  gates.flatMap((gate) => (gate.kind === 'metric' ? (gate.each ?? []) : []))[0]

const describeProof = (proof: Proof): readonly string[] => {
  const { honest, telling, saboteurs, suggestions, slipped } = proof
  const blind = honest.gates.filter(({ gate, advisory }) => !advisory && !telling.includes(gate))
  const head = [
    `the honest model: ${honest.outcome}, ${honest.reason}`,
    ...blind.map(({ gate, reason }) => `  ${gate} proves nothing here, the honest model does not pass it: ${reason}`),
  ]
  if (telling.length === 0)
    return [...head, '', 'Nothing can be proved: the honest model passes no gate, so each may refuse everything.']
  const rows = saboteurs.map(({ name, what, ships, counts, told, stoppedBy, suggestion }) => [
    ships ? (counts ? paint('red', 'SHIPS  ') : paint('gray', 'ships  ')) : paint('green', 'refused'),
    name,
    what,
    ships
      ? (told ??
        (suggestion === null ? 'no known gate tells it from the honest model' : `stopped by ${suggestion.yaml}`))
      : `${stoppedBy[0]?.gate}: ${stoppedBy[0]?.reason}${stoppedBy.length > 1 ? ` (and ${stoppedBy.length - 1} more)` : ''}`,
  ])
  const counted = saboteurs.filter(({ counts }) => counts).length
  return [
    ...head,
    '',
    table(['', 'saboteur', 'what it does', 'why'], rows),
    '',
    slipped === 0
      ? `none of the ${counted} saboteurs that must be refused slips through`
      : `${slipped} of the ${counted} saboteurs that must be refused slip through`,
    ...(suggestions.length === 0
      ? []
      : [
          'Gates that the honest model passes and that would have stopped them:',
          ...suggestions.map(({ yaml }) => `  ${yaml}`),
        ]),
  ]
}
