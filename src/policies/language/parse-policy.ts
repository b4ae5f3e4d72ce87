import { loadYaml, type Place } from '../../declarations/load-yaml.ts'
import { type PlacedFault, sortFaults } from '../../declarations/placed-fault.ts'
import { repositoryPathFault } from '../../declarations/repository-path.ts'
import type { Json } from '../../domain/json.ts'
import { nearestName } from '../../domain/nearest-name.ts'
import { parseDuration } from '../../domain/time.ts'
import { parseWindow } from '../following/windows.ts'
import { takesCanary } from '../live/canary.ts'
import { type ExpressionBudget, expressionBudget, retrainExpressionFault, spendOn } from './checks.ts'
import { findMetric, winnowSpelling } from './metrics.ts'
import { approvalRule, parseGate, unknownMetric } from './parse-gate.ts'
import { parseRollout, rolloutGateFaults } from './parse-rollout.ts'
import type { EnvironmentRules, Gate, Policy, RetrainParameter, RetrainRules, Window } from './policy.ts'
import { type GateEntry, GateSetFile, PolicyFile } from './policy-schema.ts'

export type ParsedPolicy =
  | { readonly ok: true; readonly value: Policy }
  | { readonly ok: false; readonly faults: readonly PlacedFault[] }

export interface ParseOptions {
  /** The model that the policy must be for, where that is known. */
  readonly model?: string | undefined
  /** The texts of the gate sets that the policy uses, by their paths; one that is not there is a fault. */
  readonly files?: ReadonlyMap<string, string>
}

const mostGates = 1_000
const mostFaults = 200

/**
 * Reads a policy; `file` is the name that faults are placed with. Never throws, and understands a policy whole or not at
 * all, so that no gate passes because part of it was not understood.
 */
export const parsePolicy = (
  text: string,
  file: string,
  { model, files = new Map() }: ParseOptions = {},
): ParsedPolicy => {
  const loaded = loadYaml(text, file, PolicyFile)
  if (!loaded.ok) return loaded
  const { value: written, place } = loaded
  const faults: PlacedFault[] = []
  if (model !== undefined && written.model !== model)
    faults.push(place(['model'], `expected ${model}, the pipeline's model, got ${JSON.stringify(written.model)}`))
  const budget = expressionBudget()
  const gates = [
    ...written.use.flatMap((path, i) => gatesOfSet(path, ['use', i], files, place, faults, budget)),
    ...gatesOf(written, place, faults, budget),
  ]
  if (gates.length === 0 && faults.length === 0)
    faults.push(place(['gates'], 'expected at least one gate: a policy without gates judges nothing', 'key'))
  if (gates.length > mostGates)
    faults.push(place(['gates'], `expected at most ${mostGates} gates, got ${gates.length}`))
  for (const name of repeated(gates.map(({ name: gate }) => gate)))
    faults.push(place(['gates', name], `a gate set that is used has a gate of this name already`, 'key'))
  const environments = environmentsOf(written, place, faults)
  // Gates with faults of their own are not among `gates`: what names them would be a second fault of the same mistake.
  if (faults.length === 0) faults.push(...rolloutGateFaults(written.environments, gates, place))
  if (
    written.otherwise.inconclusive === 'canary' &&
    !Object.values(environments).some(({ rollout }) => takesCanary(rollout))
  )
    faults.push(
      place(
        ['otherwise', 'inconclusive'],
        'expected an environment whose rollout begins with a part of the traffic: a canary is its first step',
      ),
    )
  if (written.otherwise.inconclusive === 'retrain' && written.otherwise.retrain === undefined)
    faults.push(place(['otherwise', 'inconclusive'], 'expected otherwise.retrain beside it, which says how often'))
  const retrain = retrainOf(written, place, faults, budget)
  if (faults.length > 0) return { ok: false, faults: sortFaults(faults) }
  const { seed, resamples } = written
  const { inconclusive } = written.otherwise
  return {
    ok: true,
    value: { version: 1, model: written.model, gates, environments, retrain, inconclusive, seed, resamples },
  }
}

/** The gate sets that a policy uses: the paths to read before parsePolicy. Empty where the text has faults. */
export const gateSetsOf = (text: string): readonly string[] => {
  const loaded = loadYaml(text, '', PolicyFile)
  return loaded.ok ? loaded.value.use.filter((path) => repositoryPathFault(path, ['.yaml', '.yml']) === undefined) : []
}

const gatesOf = (
  { gates, metrics }: { readonly gates: Readonly<Record<string, GateEntry>>; readonly metrics: readonly string[] },
  place: Place,
  faults: PlacedFault[],
  budget: ExpressionBudget,
): readonly Gate[] => {
  faults.push(...ownMetricFaults(metrics, place))
  return Object.entries(gates).flatMap(([name, entry]) => {
    const parsed = parseGate(name, entry, metrics, place, budget)
    if (parsed.ok) return [parsed.gate]
    faults.push(...parsed.faults)
    return []
  })
}

const gatesOfSet = (
  path: string,
  at: readonly (string | number)[],
  files: ReadonlyMap<string, string>,
  place: Place,
  faults: PlacedFault[],
  budget: ExpressionBudget,
): readonly Gate[] => {
  const fault = repositoryPathFault(path, ['.yaml', '.yml'])
  const text = files.get(path)
  if (fault !== undefined || text === undefined) {
    faults.push(place(at, fault ?? `there is no file ${path}`))
    return []
  }
  const loaded = loadYaml(text, path, GateSetFile)
  if (!loaded.ok) {
    faults.push(...loaded.faults)
    return []
  }
  return gatesOf(loaded.value, loaded.place, faults, budget)
}

const repeated = (names: readonly string[]): readonly string[] => [
  ...new Set(names.filter((name, i) => names.indexOf(name) !== i)),
]

const ownMetricFaults = (own: readonly string[], place: Place): readonly PlacedFault[] =>
  own.flatMap((name, i) => {
    const at = (message: string) => [place(['metrics', i], message)]
    if (findMetric(name) !== undefined) return at(`${name} is a metric that Winnow knows; it needs no declaration`)
    const known = winnowSpelling(name)
    if (known !== undefined) return at(`Winnow calls this ${known}, which needs no declaration`)
    if (own.indexOf(name) !== i) return at(`${name} is declared already`)
    return []
  })

const environmentsOf = (
  written: PolicyFile,
  place: Place,
  faults: PlacedFault[],
): Readonly<Record<string, EnvironmentRules>> =>
  Object.fromEntries(
    Object.entries(written.environments).map(([name, { approvals, windows, rollout }]) => [
      name,
      {
        approvals: approvals === undefined ? null : approvalRule(approvals),
        windows: windows.flatMap(({ allow, deny, timezone }, i): readonly Window[] => {
          const path = ['environments', name, 'windows', i]
          if ((allow === undefined) === (deny === undefined)) {
            faults.push(place(path, 'expected one of allow and deny'))
            return []
          }
          const kind = allow === undefined ? 'deny' : 'allow'
          const parsed = parseWindow(allow ?? deny ?? '', kind, timezone)
          if (parsed.ok) return [parsed.value]
          faults.push(place([...path, parsed.fault.includes('time zone') ? 'timezone' : kind], parsed.fault))
          return []
        }),
        rollout: parseRollout(name, rollout, place, faults),
      },
    ]),
  )

/** What reckons with a name that is nearly `previous` would be a text of its own, and the same in each attempt. */
const misspeltPrevious = (text: string): string | undefined => {
  if (text.length > 200 || !/\s[*+/%-]\s|\(/.test(text)) return undefined
  const near = text.match(/[A-Za-z]\w*/g)?.find((word) => nearestName(word, ['previous']) !== undefined)
  return near === undefined ? undefined : `unknown name ${near}, did you mean previous?`
}

const retrainOf = (
  written: PolicyFile,
  place: Place,
  faults: PlacedFault[],
  expressions: ExpressionBudget,
): RetrainRules | null => {
  const { retrain } = written.otherwise
  if (retrain === undefined) return null
  const parameters = Object.entries(retrain.parameters).map(([name, value]): [string, RetrainParameter] => {
    if (typeof value !== 'string' || !/\bprevious\b/.test(value)) {
      const meant = typeof value === 'string' && faults.length < mostFaults ? misspeltPrevious(value) : undefined
      if (meant !== undefined) faults.push(place(['otherwise', 'retrain', 'parameters', name], meant))
      return [name, { kind: 'value', value: value as Json }]
    }
    const fault = spendOn(value, expressions) ?? retrainExpressionFault(value)
    // To find the place of each of thousands would take the square of their number.
    if (fault !== undefined && faults.length < mostFaults)
      faults.push(place(['otherwise', 'retrain', 'parameters', name], fault))
    return [name, { kind: 'expression', expression: value }]
  })
  const { brake, budget } = retrain
  if (brake !== undefined && findMetric(brake.metric) === undefined && !written.metrics.includes(brake.metric))
    faults.push(place(['otherwise', 'retrain', 'brake', 'metric'], unknownMetric(brake.metric, written.metrics)))
  return {
    attempts: retrain.attempts,
    cooldown: retrain.cooldown === undefined ? 0 : (parseDuration(retrain.cooldown) ?? 0),
    parameters: Object.fromEntries(parameters),
    budget: budget === undefined ? null : { runs: budget.runs, per: parseDuration(budget.per) ?? 0 },
    brake: brake ?? null,
  }
}
