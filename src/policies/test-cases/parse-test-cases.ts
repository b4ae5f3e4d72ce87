import { didYouMean } from '../../declarations/describe-issue.ts'
import { loadYaml, type Place } from '../../declarations/load-yaml.ts'
import { type DocumentPath, type PlacedFault, sortFaults } from '../../declarations/placed-fault.ts'
import type { ConfusionMatrix } from '../../domain/evidence.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { GateOutcome, Outcome } from '../../domain/verdict.ts'
import { statedEvidence } from '../evidence/stated-evidence.ts'
import type { Approval } from '../gates/case.ts'
import { type Policy, referenceName } from '../language/policy.ts'
import { TestCasesFile, type WrittenModel, type WrittenReference } from './test-cases-schema.ts'

/** One case of a policy's test, understood whole. */
export interface TestCase {
  readonly name: string
  /** From 1, where the case begins in its file. */
  readonly line: number
  readonly candidate: TestModel
  /** By referenceName. */
  readonly references: Readonly<Record<string, TestReference>>
  readonly facts: { readonly change: JsonObject; readonly candidate: JsonObject }
  readonly approvals: readonly Approval[]
  readonly author: string
  /** Null: nothing is expected of the whole. */
  readonly outcome: Outcome | null
  readonly gates: Readonly<Record<string, GateOutcome>>
}

export interface TestModel {
  readonly evidence: {
    readonly metrics: Readonly<Record<string, number>>
    readonly perClass: Readonly<Record<string, Readonly<Record<string, number>>>>
    readonly confusion: ConfusionMatrix | null
  }
  /** Of a table, its path from the file of cases on. */
  readonly predictions: { readonly file: string; readonly label: string | null } | null
}

type TestReference =
  | (TestModel & { readonly kind: 'known' })
  | { readonly kind: 'none' | 'unknown'; readonly reason: string }

export type ParsedTestCases =
  | { readonly ok: true; readonly value: readonly TestCase[] }
  | { readonly ok: false; readonly faults: readonly PlacedFault[] }

/** The path of the policy that the cases are about, from their file on; where the file has faults, those. */
export const testedPolicy = (
  text: string,
  file: string,
): { readonly ok: true; readonly path: string; readonly place: Place } | Extract<ParsedTestCases, { ok: false }> => {
  const loaded = loadYaml(text, file, TestCasesFile)
  return loaded.ok ? { ok: true, path: loaded.value.policy, place: loaded.place } : loaded
}

/** Reads the cases. `exists` tells whether there is a file at a path from the file of cases on. Never throws. */
export const parseTestCases = (
  text: string,
  file: string,
  policy: Policy,
  exists: (path: string) => boolean,
): ParsedTestCases => {
  const loaded = loadYaml(text, file, TestCasesFile)
  if (!loaded.ok) return loaded
  const { value, place } = loaded
  const faults: PlacedFault[] = []
  const asked = policy.gates.flatMap((gate) => (gate.kind === 'metric' ? [gate.metric] : []))
  const checks = policy.gates.flatMap((gate) => (gate.kind === 'check' ? [gate.expression] : [])).join('\n')
  const known = new Set(
    policy.gates.flatMap((gate) =>
      gate.kind === 'metric' && gate.against !== null ? [referenceName(gate.against)] : [],
    ),
  )
  const modelAt = ({ metrics, confusion, predictions }: WrittenModel, path: DocumentPath): TestModel => {
    const own = [...asked, ...Object.keys(metrics).filter((name) => checks.includes(name))]
    const stated = statedEvidence(metrics, confusion ?? null, own, [...path, 'metrics'], place, true)
    faults.push(...stated.faults)
    const table = typeof predictions === 'string' ? { file: predictions, label: null } : (predictions ?? null)
    if (table !== null && !exists(table.file))
      faults.push(place([...path, 'predictions'], `there is no file ${table.file} beside this one`))
    return { evidence: stated.evidence, predictions: table }
  }
  const referenceAt = (written: WrittenReference, name: string, path: DocumentPath): TestReference => {
    if (written === 'none') return { kind: 'none', reason: `there is no ${name} in this case` }
    if (written === 'unknown') return { kind: 'unknown', reason: `nothing is known of ${name} in this case` }
    return { kind: 'known', ...modelAt(written, path) }
  }
  const names = policy.gates.map(({ name }) => name)
  const cases = Object.entries(value.cases).map(([name, written]): TestCase => {
    const path = ['cases', name]
    const { expect, change, candidate, approvals, author } = written
    const expected = typeof expect === 'string' ? { outcome: expect, gates: {} } : expect
    for (const gate of Object.keys(expected.gates))
      if (!names.includes(gate))
        faults.push(
          place([...path, 'expect', 'gates', gate], `the policy has no such gate${didYouMean(gate, names)}`, 'key'),
        )
    if (expected.outcome === undefined && Object.keys(expected.gates).length === 0)
      faults.push(place([...path, 'expect'], 'expected an outcome, or outcomes of gates: this case tests nothing'))
    const references = Object.entries(written.references).map(([model, one]): [string, TestReference] => {
      if (!known.has(model) || model === 'champion')
        faults.push(
          place([...path, 'references', model], `no gate compares with it${didYouMean(model, [...known])}`, 'key'),
        )
      return [model, referenceAt(one, model, [...path, 'references', model])]
    })
    return {
      name,
      line: place(path, '', 'key').line,
      candidate: modelAt(written.evidence, [...path, 'evidence']),
      references: {
        ...Object.fromEntries(references),
        champion: referenceAt(written.champion, 'champion', [...path, 'champion']),
      },
      facts: { change: change as JsonObject, candidate: candidate as JsonObject },
      approvals,
      author,
      outcome: expected.outcome ?? null,
      gates: expected.gates,
    }
  })
  return faults.length > 0 ? { ok: false, faults: sortFaults(faults) } : { ok: true, value: cases }
}
