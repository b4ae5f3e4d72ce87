import { formatFault } from '../declarations/placed-fault.ts'
import type { PipelineDeclaration } from '../declarations/winnow-yaml.ts'
import { manifestOf } from '../domain/batch.ts'
import { digestBytes, digestJson } from '../domain/digest.ts'
import { Fault, isFault } from '../domain/errors.ts'
import type { Evidence, ModelVersion, Observation } from '../domain/evidence.ts'
import type { Json } from '../domain/json.ts'
import type { ModelRegistry, Store } from '../domain/ports.ts'
import type { Run } from '../domain/run.ts'
import type { Time } from '../domain/time.ts'
import { nextVerdict, type PolicyText, type Receipt } from '../domain/verdict.ts'
import type { Case } from '../policies/case.ts'
import { evidenceFrom } from '../policies/evidence.ts'
import { judge } from '../policies/judge.ts'
import { gateSetsOf, parsePolicy } from '../policies/parse-policy.ts'
import type { Policy } from '../policies/policy.ts'
import { makeReceipt } from '../policies/receipt.ts'
import { type DeclarationPorts, nextEnvironments, readProtectedDeclaration } from './declaration.ts'
import { deliver } from './deliver.ts'
import { followVerdict } from './follow-verdict.ts'
import { buildOf } from './launch.ts'
import type { StepFunction } from './step.ts'
import { move } from './transitions.ts'

export interface JudgePorts extends DeclarationPorts {
  readonly store: Store
  /** The target of that name, undefined where the config has none. */
  readonly target: (name: string) => Pick<ModelRegistry, 'candidate' | 'observations'> | undefined
  /** Winnow's own version, for the receipt. */
  readonly version: string
}

/**
 * A pending verdict → pass, fail or inconclusive, with its receipt. Pipeline, policy and environments are those that the
 * protected branch declares now: nothing that the change under judgement brought along. A pass is delivered, a refusal
 * asks for another attempt where the policy wants one.
 */
export const createJudgeStep =
  (ports: JudgePorts): StepFunction<'verdict'> =>
  async (verdict, context) => {
    if (verdict.state !== 'pending') return
    const { store } = ports
    const run = await store.get('run', verdict.run)
    if (run === undefined) throw new Error(`verdict ${verdict.id} is about run ${verdict.run}, which is not there`)
    const { commit, declaration } = await readProtectedDeclaration(ports, run.repository, context.signal)
    if (!declaration.ok)
      throw new Fault('declaration_invalid', `run ${run.id} waits for its verdict: ${declaration.reason}`, {
        retryable: true,
        details: declaration.faults,
        remedy: 'correct winnow.yaml on the protected branch',
      })
    const pipeline = declaration.value.pipelines.find(({ name }) => name === run.pipeline)
    const law = await readLaw(ports, run, commit, pipeline, context.signal)
    const known = await readEvidence(ports, run, context.signal)
    const at = context.now()
    const receipt = await receiptOf(ports, run, law, known, at)
    await store.transaction(async (tx) => {
      const judged = nextVerdict(verdict, receipt, at)
      if (judged === undefined) return
      const { policy } = law
      const follows = await followVerdict(tx, { verdict: verdict.id, run, receipt, policy, pipeline }, at)
      await move(tx, 'verdict', verdict, { ...judged, follows }, receipt.reason, at)
      if (receipt.outcome !== 'pass' || receipt.candidate === null || !pipeline?.model) return
      const environments = nextEnvironments(declaration.value.environments, null)
      const { repository } = run
      const receiptDigest = digestJson(receipt as unknown as Json)
      const subject = { verdict: verdict.id, run: run.id, repository, model: pipeline.model }
      await deliver(tx, { ...subject, candidate: receipt.candidate, receiptDigest }, environments, at)
    })
    context.log.info({ verdict: verdict.id, run: run.id, outcome: receipt.outcome }, 'run judged')
  }

interface Law {
  readonly source: Receipt['policy']
  /** The policy's text and those of the gate sets that it uses. */
  readonly texts: readonly PolicyText[]
  readonly policy: Policy | undefined
  /** Why there is no policy that could be judged by. */
  readonly missing: string
}

/** The policy as the protected branch has it; why not, where it has none that can be understood whole. */
const readLaw = async (
  ports: JudgePorts,
  run: Run,
  commit: string,
  pipeline: PipelineDeclaration | undefined,
  signal: AbortSignal,
): Promise<Law> => {
  const path = pipeline?.policy ?? run.policy ?? ''
  const none = (missing: string, texts: readonly PolicyText[] = []): Law => ({
    source: { path, digest: texts[0]?.digest ?? digestBytes(''), commit },
    texts,
    policy: undefined,
    missing,
  })
  const place = `the protected branch (${commit.slice(0, 12)})`
  if (pipeline === undefined) return none(`${place} declares no pipeline ${run.pipeline}`)
  if (pipeline.policy === null || pipeline.model === null)
    return none(`${place} declares no policy for ${run.pipeline}`)
  const text = await ports.host.readFile(run.repository, commit, pipeline.policy, signal)
  if (text === undefined) return none(`there is no ${pipeline.policy} on ${place}`)
  const files = new Map<string, string>()
  for (const file of gateSetsOf(text)) {
    const gates = await ports.host.readFile(run.repository, commit, file, signal)
    if (gates !== undefined) files.set(file, gates)
  }
  const texts = [[pipeline.policy, text] as const, ...files].map(([file, content]) => ({
    path: file,
    digest: digestBytes(content),
    text: content,
  }))
  const parsed = parsePolicy(text, pipeline.policy, { model: pipeline.model, files })
  if (!parsed.ok) return none(`the policy on ${place} has faults: ${parsed.faults.map(formatFault).join('; ')}`, texts)
  return { source: { path, digest: digestBytes(text), commit }, texts, policy: parsed.value, missing: '' }
}

interface Known {
  readonly candidate: ModelVersion | undefined
  readonly observations: readonly Observation[]
  /** Why there is no candidate. */
  readonly missing: string
}

const readEvidence = async (ports: JudgePorts, run: Run, signal: AbortSignal): Promise<Known> => {
  const none = (missing: string): Known => ({ candidate: undefined, observations: [], missing })
  const made = run.reusedRun === null ? run : await ports.store.get('run', run.reusedRun)
  const target = ports.target(run.target)
  if (made === undefined) return none(`run ${run.reusedRun}, which it stands for, is not there`)
  if (target === undefined) return none(`the config names no target ${run.target}`)
  try {
    const candidate = await target.candidate(made.tasks, signal)
    const observations = await target.observations(made.tasks, candidate, signal)
    return { candidate, observations, missing: 'the run made no model' }
  } catch (error) {
    if (!isFault(error) || error.retryable) throw error
    return none(error.message)
  }
}

const receiptOf = async (ports: JudgePorts, run: Run, law: Law, known: Known, at: Time): Promise<Receipt> => {
  const evidence = evidenceFrom(known.observations)
  const change = await ports.store.get('change', run.change)
  const judged = caseOf(evidence, change?.author ?? '')
  const policy = law.policy ?? { gates: [], seed: 1, resamples: 2_000 }
  const made = run.reusedRun === null ? run : ((await ports.store.get('run', run.reusedRun)) ?? run)
  const build = await buildOf(ports.store, made)
  return makeReceipt({
    judgement: judge(policy, judged),
    inputs: {
      at,
      run: run.id,
      model: run.model,
      commit: made.commit,
      policy: law.texts,
      seed: policy.seed,
      resamples: policy.resamples,
      predictions: null,
      references: {},
      facts: { change: {}, candidate: {} },
      checkFacts: null,
      checks: judged.checks,
      approvals: judged.approvals,
      author: judged.author,
      withoutPolicy: law.policy === undefined ? law.missing : null,
      withoutCandidate: known.candidate === undefined ? known.missing : null,
    },
    policy: law.source,
    candidate: known.candidate ?? null,
    evidence,
    irDigest: build.irDigest ?? build.key,
    manifestDigest: manifestOf(run.manifest).digest,
    winnow: ports.version,
  })
}

const caseOf = (evidence: Evidence, author: string): Case => ({
  candidate: { evidence, answers: null },
  references: {},
  checks: {},
  approvals: [],
  author,
})
