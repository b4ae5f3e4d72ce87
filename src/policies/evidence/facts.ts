import { digestJson } from '../../domain/digest.ts'
import type { Evidence, EvidenceSource } from '../../domain/evidence.ts'
import type { Json } from '../../domain/json.ts'
import type { TableProfile } from '../data/profile.ts'

/** What Winnow found out by itself about a candidate. */
export interface Facts {
  readonly metrics?: Readonly<Record<string, number>>
  readonly perClass?: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly sources: readonly EvidenceSource[]
  readonly profile?: TableProfile
}

/** The evidence with what was found out: measured comes before stated. */
export const withFacts = ({ digest: _, ...stated }: Evidence, all: readonly Facts[]): Evidence => {
  const profile = all.find((facts) => facts.profile !== undefined)?.profile
  const known = {
    ...stated,
    metrics: Object.assign({}, stated.metrics, ...all.map(({ metrics }) => metrics)) as Evidence['metrics'],
    perClass: Object.assign({}, stated.perClass, ...all.map(({ perClass }) => perClass)) as Evidence['perClass'],
    sources: [...stated.sources, ...all.flatMap(({ sources }) => sources)],
    ...(profile === undefined ? {} : { profile: profile as unknown as NonNullable<Evidence['profile']> }),
  }
  return { ...known, digest: digestJson(known as unknown as Json) }
}
