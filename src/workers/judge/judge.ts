import { digestJson } from '../../domain/digest.ts'
import { Fault } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { nextVerdict } from '../../domain/verdict.ts'
import { type DeclarationPorts, readProtectedDeclaration } from '../declaration/declaration.ts'
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
    const { commit, declaration } = await readProtectedDeclaration(ports, run.repository, context.signal)
    if (!declaration.ok)
      throw new Fault('declaration_invalid', `run ${run.id} waits for its verdict: ${declaration.reason}`, {
        retryable: true,
        details: declaration.faults,
        remedy: 'correct winnow.yaml on the protected branch',
      })
    const pipeline = declaration.value.pipelines.find(({ name }) => name === run.pipeline)
    const law = await readLaw(ports, run, commit, pipeline, context.signal)
    const { environments } = declaration.value
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
      const following = { declared: declaration.value.environments, after: null }
      const delivery = { ...subject, candidate: receipt.candidate, receiptDigest, ...(canary ? { canary } : {}) }
      await deliver(tx, delivery, following, at)
    })
    context.log.info({ verdict: verdict.id, run: run.id, outcome: receipt.outcome }, 'run judged')
  }
