import type { WinnowYaml } from '../../declarations/winnow-yaml.ts'
import { digestJson } from '../../domain/digest.ts'
import { isFault, withRemedy } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import { nextVerdict, type Verdict } from '../../domain/verdict.ts'
import { type DeclarationPorts, readProtectedDeclaration, waitsForCorrection } from '../declaration/declaration.ts'
import { deliver } from '../release/deliver.ts'
import type { StepFunction } from '../running/step.ts'
import { move } from '../running/transitions.ts'
import { followVerdict, supersedeWaiting } from './follow-verdict.ts'
import { type CasePorts, receiptOf } from './judge-case.ts'
import { type EvidencePorts, readEvidence } from './judge-evidence.ts'
import { readLaw } from './judge-policy.ts'
import { recallEvidence } from './recall-evidence.ts'

export interface JudgePorts extends DeclarationPorts, EvidencePorts, CasePorts {}

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
    const { commit, declared } = await readDeclared(ports, run, context.signal).catch(async (error: unknown) => {
      if (isFault(error) && error.retryable) await say(store, verdict, withRemedy(error), context.now())
      throw error
    })
    const pipeline = declared.pipelines.find(({ name }) => name === run.pipeline)
    const law = await readLaw(ports, run, commit, pipeline, context.signal)
    const { environments } = declared
    const known =
      (await recallEvidence(ports, verdict, run, law, environments, context.signal)) ??
      (await readEvidence(ports, run, { policy: law.policy, environments }, context.signal))
    const at = context.now()
    const receipt = await receiptOf(ports, run, law, known, at, context.signal)
    await store.transaction(async (tx) => {
      const judged = nextVerdict(verdict, receipt, at)
      if (judged === undefined) return
      const { policy } = law
      const follows = await followVerdict(tx, { verdict: verdict.id, run, receipt, policy, pipeline, environments }, at)
      const given = await move(tx, 'verdict', verdict, { ...judged, follows }, receipt.reason, at)
      await supersedeWaiting(tx, given, at)
      const canary = follows.kind === 'canary'
      if ((receipt.outcome !== 'pass' && !canary) || receipt.candidate === null || !pipeline?.model) return
      const { repository } = run
      // Of what the store has: it cannot hold every text.
      const receiptDigest = digestJson(given.receipt as unknown as Json)
      const subject = { verdict: verdict.id, run: run.id, repository, model: pipeline.model }
      const following = { declared: environments, after: null }
      const delivery = { ...subject, candidate: receipt.candidate, receiptDigest, ...(canary ? { canary } : {}) }
      await deliver(tx, delivery, following, at)
    })
    context.log.info({ verdict: verdict.id, run: run.id, outcome: receipt.outcome }, 'run judged')
  }

/** What the protected branch declares; where it cannot be read as it stands, the verdict waits until somebody mended it. */
const readDeclared = async (
  ports: DeclarationPorts,
  { id, repository }: Run,
  signal: AbortSignal,
): Promise<{ readonly commit: string; readonly declared: WinnowYaml }> => {
  const { commit, declaration } = await readProtectedDeclaration(ports, repository, signal)
  if (declaration.ok) return { commit, declared: declaration.value }
  throw waitsForCorrection(`run ${id} waits for its verdict`, declaration)
}

/** The runner puts the verdict off; what it waits for stands in its history, once, for whoever looks. */
const say = async (store: Store, { id, state }: Verdict, why: string, at: Time): Promise<void> => {
  const history = await store.history('verdict', id)
  if (history.at(-1)?.why === why) return
  await store.transaction((tx) => tx.record({ at, kind: 'verdict', id, from: state, to: state, by: 'winnow', why }))
}
