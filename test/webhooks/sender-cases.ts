import { type DataHost, dataHosts } from './data-senders.ts'
import type { GoogleSigner } from './google-signer.ts'
import { type Host, hosts } from './hosts.ts'
import { createRecordingServer, type RecordingServer } from './recording-server.ts'

type Headers = Readonly<Record<string, string>>
interface Said {
  readonly body: unknown
  readonly labels: Headers
}

/** Who signs: the sender itself, with the secret before, as another one that the config knows, or as nobody it knows. */
export type Signed = 'itself' | 'before' | 'other' | 'nobody'

/** One sender, of whatever kind, as the contract of all of them needs it. */
export interface SenderCase {
  readonly path: string
  /** A server whose config knows the sender, and another one that may speak for something else. */
  readonly start: (google: GoogleSigner, cap: number) => Promise<RecordingServer>
  readonly sign: (google: GoogleSigner, body: Buffer, at: number, as: Signed) => Promise<Headers>
  readonly good: Said
  /** More of what it says, for bodies made of parts of good ones. */
  readonly more: readonly Said[]
  readonly mislabelled: Said
  /** Well signed, of what it may not speak for, and how that is refused. */
  readonly elsewhere: Said & { readonly status: number; readonly reason: string }
}

/** `secret` in the same form, but another one. */
const varied = (secret: string, letter: string): string => `${secret.slice(0, 8)}${letter}${secret.slice(9)}`

const hostCase = (host: Host): SenderCase => {
  const secrets = {
    itself: host.secret,
    before: varied(host.secret, 'b'),
    other: varied(host.secret, 'x'),
    nobody: varied(host.secret, 'n'),
  }
  return {
    path: host.kind,
    start: (_google, cap) =>
      createRecordingServer(
        [
          { name: 'beans', host: host.kind, fullName: host.fullName, secrets: [secrets.itself, secrets.before] },
          { name: 'mill', host: host.kind, fullName: 'acme/mill', secrets: [secrets.other] },
        ],
        { maxBodyBytes: cap },
      ),
    sign: async (_google, body, at, as) => host.sign(secrets[as], body, at),
    good: { body: host.push, labels: host.labels },
    more: [host.fork],
    mislabelled: { body: host.push, labels: host.mislabelled },
    elsewhere: { body: host.elsewhere, labels: host.labels, status: 404, reason: 'unknownRepository' },
  }
}

const dataCase = (host: DataHost): SenderCase => ({
  path: host.path,
  start: (google, cap) =>
    createRecordingServer([], { maxBodyBytes: cap, keysUrl: google.url, sources: [host.source, host.other] }),
  sign: host.sign,
  good: { body: host.written, labels: host.labels },
  more: [{ body: host.deleted, labels: host.deletedLabels }, host.silent],
  mislabelled: host.mislabelled,
  elsewhere: { ...host.elsewhere, status: 403, reason: 'foreignAddress' },
})

const casesOf = <H>(of: Readonly<Record<string, H>>, make: (host: H) => SenderCase): readonly [string, SenderCase][] =>
  Object.entries(of).map(([name, host]) => [name, make(host)])

export const senderCases = [...casesOf(hosts, hostCase), ...casesOf(dataHosts, dataCase)]
