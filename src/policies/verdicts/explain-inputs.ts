import { shortDigest } from '../../domain/digest.ts'
import type { JudgedReference, KeptPredictions, Receipt } from '../../domain/verdict.ts'

/** What a receipt was made of, as rows of two cells: by what it can be found again, and be judged again. */
export const inputRows = ({ judged, irDigest, manifestDigest, winnow }: Receipt): readonly (readonly string[])[] => {
  const pipeline = `pipeline ${shortDigest(irDigest)}, data ${shortDigest(manifestDigest)}`
  if (judged === undefined) return [['made of', pipeline]]
  const { policy, predictions, references, approvals, commit, seed, resamples, at, digest } = judged
  return [
    ...policy.slice(1).map(({ path, digest: of }) => ['gate set', `${path} (${shortDigest(of)})`]),
    ...(predictions === null ? [] : [['predictions', answersText(predictions)]]),
    ...Object.entries(references).map(([name, reference]) => [name, referenceText(reference)]),
    ...approvals.map(({ by, decision, reason }, i) => [
      i === 0 ? 'people' : '',
      `${by}: ${decision}${reason === '' ? '' : `, ${reason}`}`,
    ]),
    ['made of', `commit ${commit.slice(0, 12)}, ${pipeline}`],
    [
      'judged',
      `${new Date(at).toISOString()} by Winnow ${winnow}, seed ${seed}, ${resamples} resamples (${shortDigest(digest)})`,
    ],
  ]
}

const answersText = ({ rows, digest, uri }: KeptPredictions): string =>
  `${rows} examples${uri === null ? '' : ` of ${uri}`} (${shortDigest(digest)})`

const referenceText = (reference: JudgedReference): string => {
  if (reference.kind !== 'known') return `${reference.kind}: ${reference.reason}`
  const { version, predictions } = reference
  const digest = version?.digest ? ` (${shortDigest(version.digest)})` : ''
  const model = version === null ? 'known by its numbers' : `${version.displayName} version ${version.version}${digest}`
  return predictions === null ? model : `${model}, ${answersText(predictions)}`
}
