import { type Digest, digestJson } from './digest.ts'
import type { Json } from './json.ts'
import type { Time } from './time.ts'
import type { JudgedInputs, Receipt } from './verdict.ts'

/** Who speaks to Winnow, as the server's config knows them. */
export interface Person {
  readonly name: string
  readonly groups: readonly string[]
  /** Names and addresses that senders of changes call this person by. */
  readonly knownAs: readonly string[]
}

/** Whoever has the API's own token: nobody in particular, and of the group that may hold, release and override. */
export const operatorName = 'operator'
export const operators = 'operators'

/** A person's word on one verdict's candidate. Of several words of one person, the last is `given`. */
export interface ApprovalRow {
  readonly id: number
  readonly version: number
  readonly verdict: number
  readonly run: number
  readonly person: string
  readonly groups: readonly string[]
  readonly knownAs: readonly string[]
  readonly decision: 'approve' | 'reject'
  readonly reason: string
  /** What was spoken about: subjectOf the receipt. Of anything else it says nothing. */
  readonly subject: Digest
  readonly at: Time
  readonly state: 'given' | 'replaced'
}

type SubjectParts = Pick<Receipt, 'policy' | 'candidate' | 'evidence' | 'irDigest' | 'manifestDigest'> & {
  readonly judged?: Pick<JudgedInputs, 'policy' | 'references'>
}

/** The digest of what people agree to: exactly this policy with its gate sets, candidate, evidence, comparisons, code and data. */
export const subjectOf = ({ policy, candidate, evidence, irDigest, manifestDigest, judged }: SubjectParts): Digest =>
  digestJson({
    policy: policyDigests({ policy, ...(judged === undefined ? {} : { judged }) }),
    candidate,
    evidence: evidence.digest,
    references: judged?.references ?? {},
    irDigest,
    manifestDigest,
  } as unknown as Json)

/** The digests of the policy's text and of the gate sets that it uses. */
export const policyDigests = ({ policy, judged }: Pick<SubjectParts, 'policy' | 'judged'>): readonly Digest[] =>
  judged === undefined || judged.policy.length === 0 ? [policy.digest] : judged.policy.map(({ digest }) => digest)

/** The words that are about exactly this, one for each person. */
export const wordsAbout = (rows: readonly ApprovalRow[], subject: Digest): readonly ApprovalRow[] =>
  rows
    .filter((row) => row.state === 'given' && row.subject === subject)
    .sort((a, b) => a.id - b.id)
    .filter((row, i, all) => all.findLastIndex(({ person }) => person === row.person) === i)
