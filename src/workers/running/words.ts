import { type ApprovalRow, wordsAbout } from '../../domain/approval.ts'
import type { Digest } from '../../domain/digest.ts'
import type { Reading } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import type { Approval } from '../../policies/gates/case.ts'

export interface Words {
  readonly approvals: readonly Approval[]
  /** Who made the change, by the name that the config gives; the sender's where it gives none. */
  readonly author: string
}

/** What people have said about exactly this subject of a run, and whose work it is. */
export const wordsOn = async (store: Reading, run: Run, subject: Digest, at: Time): Promise<Words> => {
  const [verdict] = await store.list('verdict', { run: run.id }, 1)
  const rows = verdict === undefined ? [] : await store.list('approval', { verdict: verdict.id, state: 'given' }, 1_000)
  const words = wordsAbout(rows, subject)
  return { approvals: words.map((word) => approvalOf(word, at)), author: knownName(await authorOf(store, run), words) }
}

const approvalOf = ({ person, groups, decision, reason, at: said }: ApprovalRow, at: Time): Approval => ({
  by: person,
  groups,
  decision,
  reason,
  age: Math.max(0, at - said),
})

const knownName = (author: string, words: readonly Pick<ApprovalRow, 'person' | 'knownAs'>[]): string =>
  words.find(({ knownAs }) => knownAs.includes(author))?.person ?? author

/** Who caused a run; of a retrain, who caused the run that was refused first. */
export const authorOf = async (store: Reading, run: Run): Promise<string> => {
  let change = await store.get('change', run.change)
  while (change?.cause.kind === 'retrain') {
    const before = await store.get('run', change.cause.run)
    if (before === undefined) break
    change = await store.get('change', before.change)
  }
  return change?.author ?? ''
}
