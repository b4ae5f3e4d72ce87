import { type SourceKind, schemesOfKind } from './domain/data-address.ts'
import { isSigningToken, signingKey } from './webhooks/standard-webhook.ts'

/** A source of data as the config file has it, as far as its ways to be told of go. */
interface DeclaredSource {
  readonly kind: SourceKind
  readonly addresses: readonly string[]
  readonly push?: unknown
  readonly pull?: unknown
  readonly poll?: unknown
  readonly secrets: readonly unknown[]
}

interface SourceFault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** What does not fit together in a source: nothing is believed by default, so what can tell of it must be there. */
export const sourceFaults = (source: DeclaredSource): readonly SourceFault[] => {
  const { kind, addresses, push, pull, poll, secrets } = source
  const schemes: readonly string[] = schemesOfKind[kind]
  const faults: SourceFault[] = addresses.flatMap((address, i) =>
    schemes.some((scheme) => address.startsWith(scheme))
      ? []
      : [
          {
            path: ['addresses', i],
            message: `a source of kind ${kind} has addresses that begin with ${schemes.join(' or ')}`,
          },
        ],
  )
  const signs = kind === 's3' || kind === 'events'
  if (!signs && secrets.length > 0)
    faults.push({ path: ['secrets'], message: `nothing of a source of kind ${kind} is signed with a secret; use push` })
  if (kind === 's3' && push !== undefined)
    faults.push({ path: ['push'], message: 'Google signs nothing of a source of kind s3; use secrets' })
  if (signs && pull !== undefined)
    faults.push({ path: ['pull'], message: `Pub/Sub tells of no source of kind ${kind}; use secrets` })
  if (push === undefined && pull === undefined && poll === undefined && secrets.length === 0) faults.push(silent(kind))
  return faults
}

const silent = (kind: SourceKind): SourceFault => ({
  path: [],
  message: {
    gcs: 'nothing tells of this source: give it push, pull or poll',
    bigquery: 'nothing tells of this source: give it push, pull or poll',
    s3: 'nothing tells of this source: give it secrets, for what it sends, or poll',
    events: 'nothing tells of this source: give it secrets to sign with',
  }[kind],
})

/** What is wrong with a secret that a source signs with; undefined where it will do. */
export const signingSecretFault = (secret: string): string | undefined => {
  if (isSigningToken(secret) && signingKey(secret) === undefined)
    return 'the signing token is not whole: expected whsec_ and the base64 of at least 24 bytes'
  return secret.length < 16 ? 'expected a secret of at least 16 characters' : undefined
}
