import { operatorName, operators, type Person, policyDigests, subjectOf } from '../../domain/approval.ts'
import type { Decisions, Word } from '../../domain/decisions.ts'
import { type Digest, shortDigest } from '../../domain/digest.ts'
import { Fault } from '../../domain/errors.ts'
import { StaleRow, type Transaction } from '../../domain/ports/store.ts'
import { nextRelease, type Release, releaseActive, releaseWaiting } from '../../domain/release.ts'
import type { Time } from '../../domain/time.ts'
import { reopenVerdict, type Verdict } from '../../domain/verdict.ts'
import { countsFor, whoCounts } from '../../policies/gates/requirement.ts'
import type { ApprovalRule, Policy } from '../../policies/language/policy.ts'
import { readProtectedDeclaration } from '../declaration/declaration.ts'
import { type Law, readLaw } from '../judge/judge-policy.ts'
import { rulesOf } from '../release/admission.ts'
import { wakeReleases } from '../release/release-turn.ts'
import { move } from '../running/transitions.ts'
import { authorOf } from '../running/words.ts'
import { type DecisionPorts, decide, type JudgedRun, judgedRun } from './decision-ports.ts'

/** A person's yes or no to a run's candidate; a second word of the same person takes the place of the first. */
export const createSpeak =
  (ports: DecisionPorts): Decisions['speak'] =>
  (id, person, word, signal) =>
    decide(async () => {
      const judged = await judgedRun(ports, id)
      const subject = subjectOf(judged.receipt)
      if (word.subject !== undefined && word.subject !== subject)
        throw new Fault(
          'outdated',
          `Run ${id} was judged anew since you looked: this word is about ${shortDigest(word.subject)}, its policy, candidate and evidence are ${shortDigest(subject)} now`,
          { remedy: `Look at \`winnow explain ${id}\`, and speak again.` },
        )
      const asked = await readRules(ports, judged, signal)
      await mustBeOfThisPolicy(ports, judged, asked.law)
      const counting = await rulesThatCount(ports, judged, asked, person, word)
      if (word.decision === 'approve') mustWaitForApproval(judged, asked)
      return ports.store.transaction(async (tx) => {
        const at = ports.now()
        const verdict = (await tx.get('verdict', judged.verdict.id)) as Verdict
        if (verdict.version !== judged.verdict.version) return decideAgain()
        await write(tx, judged, person, word, subject, at)
        return { subject, next: await follow(tx, verdict, person, word, { ...asked, counting }, at) }
      })
    })

const decideAgain = (): never => {
  throw new StaleRow('the verdict moved on while somebody spoke')
}

interface Asked {
  readonly law: Law
  readonly policy: Policy
  readonly require: readonly ApprovalRule[]
  /** By environment. */
  readonly environments: ReadonlyMap<string, ApprovalRule>
}

const readRules = async (ports: DecisionPorts, { run }: JudgedRun, signal: AbortSignal): Promise<Asked> => {
  const { commit, declaration } = await readProtectedDeclaration(ports, run.repository, signal)
  const environments = declaration.ok ? declaration.value.environments : []
  const pipeline = declaration.ok ? declaration.value.pipelines.find(({ name }) => name === run.pipeline) : undefined
  const law = await readLaw(ports, run, commit, pipeline, signal)
  if (!declaration.ok || law.policy === undefined)
    throw new Fault('policy_invalid', `Who counts is not known: ${declaration.ok ? law.missing : declaration.reason}`, {
      remedy: 'Correct it on the protected branch.',
    })
  const rules = environments.flatMap((environment) => {
    const { approvals } = rulesOf(environment, law)
    return approvals === null ? [] : [[environment.name, approvals] as const]
  })
  const require = law.policy.gates.flatMap((gate) => (gate.kind === 'require' ? [gate.approvals] : []))
  return { law, policy: law.policy, require, environments: new Map(rules) }
}

/** A changed policy voids what was said by the old one: the run is judged by the new one before anybody speaks. */
const mustBeOfThisPolicy = async (ports: DecisionPorts, { run, verdict, receipt }: JudgedRun, law: Law) => {
  if (policyDigests(receipt).join() === law.texts.map(({ digest }) => digest).join()) return
  const at = ports.now()
  await ports.store.transaction(async (tx) => {
    const begun = await tx.list('release', { verdict: verdict.id, state: [...releaseActive, 'live'] }, 1)
    if (begun.length === 0) await judgeAgain(tx, verdict, 'the policy has changed since', at)
  })
  throw new Fault('outdated', `The policy has changed since run ${run.id} was judged`, {
    remedy: `It is judged again; look at \`winnow explain ${run.id}\`, and speak then.`,
  })
}

const judgeAgain = async (tx: Transaction, verdict: Verdict, why: string, at: Time): Promise<void> => {
  await move(tx, 'verdict', verdict, reopenVerdict(verdict), why, at)
  await tx.enqueue('judge', verdict.id)
}

/** The rules that this person's word counts for. One that counts for none is refused; whoever may override may also say no. */
const rulesThatCount = async (
  { store }: DecisionPorts,
  { run }: JudgedRun,
  { require, environments }: Asked,
  person: Person,
  { decision }: Word,
): Promise<readonly ApprovalRule[]> => {
  const sender = await authorOf(store, run)
  const author = person.knownAs.includes(sender) ? person.name : sender
  const rules = [...require, ...environments.values()]
  const counting = rules.filter((rule) => countsFor(rule, { by: person.name, groups: person.groups }, author))
  if (counting.length > 0 || (decision === 'reject' && person.groups.includes(operators))) return counting
  if (rules.length === 0 && decision === 'approve') return counting
  const wanted = [...new Set(rules.map((rule) => `somebody${whoCounts(rule, author)}`))].join('; ')
  const waits = wanted === '' ? 'nobody is asked, and only operators may say no' : `it waits for ${wanted}`
  throw new Fault('forbidden', `${person.name}'s word does not count for run ${run.id}: ${waits}`, {
    ...(person.name === operatorName
      ? {
          remedy:
            'The token of the API is nobody in particular: name people under `people` in the config of the server.',
        }
      : {}),
  })
}

const mustWaitForApproval = ({ run, verdict, receipt }: JudgedRun, { policy, require, environments }: Asked): void => {
  const remedy = 'Somebody of the group operators may release it by `winnow override`, with a reason.'
  if (require.length + environments.size === 0)
    throw new Fault(
      'usage',
      `Nothing asks for an approval of run ${run.id}: ${verdict.follows?.reason ?? receipt.reason}`,
      { remedy },
    )
  if (verdict.state === 'fail' && !isRefusedByPeople(verdict, policy))
    throw new Fault('usage', `Run ${run.id} was ${receipt.reason}: an approval does not change that`, { remedy })
}

/** Refused by nothing but people, who may think again. */
const isRefusedByPeople = ({ receipt }: Verdict, policy: Policy): boolean => {
  const people = new Set(policy.gates.filter(({ kind }) => kind === 'require').map(({ name }) => name))
  const failed = receipt?.gates.filter(({ advisory, outcome }) => !advisory && outcome === 'fail') ?? []
  return failed.length > 0 && failed.every(({ gate }) => people.has(gate))
}

const write = async (
  tx: Transaction,
  { run, verdict }: JudgedRun,
  { name, groups, knownAs }: Person,
  { decision, reason }: Word,
  subject: Digest,
  at: Time,
): Promise<void> => {
  const [before] = await tx.list('approval', { verdict: verdict.id, person: name, state: 'given' }, 1)
  if (before !== undefined) await tx.update('approval', { ...before, state: 'replaced' })
  const said = { verdict: verdict.id, run: run.id, person: name, groups, knownAs, decision, reason, subject, at }
  await tx.insert('approval', { ...said, state: 'given' })
  const why = `${decision === 'approve' ? 'approved' : 'rejected'} ${shortDigest(subject)}${reason === '' ? '' : `: ${reason}`}`
  const { id, state } = verdict
  await tx.record({ at, kind: 'verdict', id, from: state, to: state, by: name, why })
}

/** What the word sets going; a sentence. */
const follow = async (
  tx: Transaction,
  verdict: Verdict,
  person: Person,
  { decision, reason }: Word,
  { policy, require, environments, counting }: Asked & { readonly counting: readonly ApprovalRule[] },
  at: Time,
): Promise<string> => {
  const releases = await tx.list('release', { verdict: verdict.id })
  const waiting = releases.filter((release) => releaseWaiting.includes(release.state) && !release.override)
  const begun = releases.filter(({ state }) => state === 'live' || releaseActive.includes(state))
  const asks =
    verdict.state === 'inconclusive' ||
    (verdict.state === 'fail' && isRefusedByPeople(verdict, policy)) ||
    (verdict.state === 'pass' && decision === 'reject' && begun.length === 0)
  if (require.some((rule) => counting.includes(rule)) && asks) {
    await judgeAgain(tx, verdict, `${person.name} has spoken`, at)
    return 'the verdict is given again'
  }
  if (decision === 'approve') {
    await wakeReleases(tx, waiting, at)
    if (waiting.length > 0) return `release ${waiting.map(({ id }) => id).join(', ')} looks again`
    return `it counts once a release reaches ${[...environments.keys()].join(', ') || 'its environment'}`
  }
  const why = `${person.name} has rejected it${reason === '' ? '' : `: ${reason}`}`
  for (const release of waiting) {
    const refused = nextRelease(release, { kind: 'refused', reason: why, at })
    if (refused !== undefined) await move(tx, 'release', release, refused, why, at, person.name)
  }
  if (verdict.state === 'inconclusive')
    await tx.update('verdict', { ...verdict, follows: { kind: 'stopped', reason: why } })
  const stopped = await stopRollouts(tx, begun, why, person.name, at)
  if (stopped !== '') return stopped
  if (waiting.length > 0) return `release ${waiting.map(({ id }) => id).join(', ')} is refused`
  return begun.length > 0 ? 'a release of it has begun already; that is not undone' : 'nothing more is done with it'
}

/** A candidate that has a part of the traffic loses it again; a sentence, or nothing. */
const stopRollouts = async (
  tx: Transaction,
  begun: readonly Release[],
  why: string,
  by: string,
  at: Time,
): Promise<string> => {
  const steps = begun.filter(({ state, override }) => (state === 'holding' || state === 'shifting') && !override)
  for (const release of steps) {
    const back = nextRelease(release, { kind: 'failed', reason: why, at })
    if (back === undefined) continue
    await move(tx, 'release', release, { ...back, nextAt: at }, why, at, by)
    await tx.enqueue('release', release.id)
  }
  return steps.length === 0 ? '' : `release ${steps.map(({ id }) => id).join(', ')} is rolled back`
}
