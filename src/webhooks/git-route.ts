import { justRecorded } from '../domain/change.ts'
import type { Digest } from '../domain/digest.ts'
import type { NewRow } from '../domain/ports/store.ts'
import type { Time } from '../domain/time.ts'
import { type Reading, refused, type WebhookRoute, wrongShape } from './route.ts'
import type { Happening, Sender, WebhookRepository } from './sender.ts'

/** The route of one kind of host: a body names a repository, which must be one that its signature speaks for. */
export const gitRoute = (
  sender: Sender,
  repositories: readonly WebhookRepository[],
): WebhookRoute<WebhookRepository> => ({
  path: sender.path,
  signatureHeader: sender.signatureHeader,
  authenticate: sender.authenticator(repositories.filter(({ host }) => host === sender.path)),
  read: (delivery, speaksFor, now) => {
    const translation = sender.translate(delivery)
    if (translation.kind === 'invalid') return wrongShape(translation.reason)
    const repository = translation.repository === undefined ? undefined : find(speaksFor, translation.repository)
    if (translation.repository !== undefined && repository === undefined) return unknown(translation.repository)
    if (translation.kind === 'pong') return translation
    if (translation.kind === 'ignored') {
      const { reason, withdraws = [] } = translation
      return { kind: 'ignored', reason, withdrawn: speaksFor.filter(isAmong(withdraws)).map(({ name }) => name) }
    }
    if (repository === undefined) throw new Error('a happening without a repository')
    return {
      kind: 'told',
      rows: translation.happenings.map((happening) => rowOf(happening, repository, delivery.bodyDigest, now)),
    }
  },
})

const find = (repositories: readonly WebhookRepository[], name: string): WebhookRepository | undefined =>
  repositories.find((repository) =>
    repository.host === 'git'
      ? repository.name === name
      : (repository.fullName ?? repository.name).toLowerCase() === name.toLowerCase(),
  )

/** Names of repositories, or `owner/` for all of an owner's; hosts do not tell cases apart. */
const isAmong =
  (names: readonly string[]) =>
  ({ name, fullName = name }: WebhookRepository): boolean =>
    names
      .map((gone) => gone.toLowerCase())
      .some((gone) => (gone.endsWith('/') ? fullName.toLowerCase().startsWith(gone) : fullName.toLowerCase() === gone))

const unknown = (repository: string): Reading =>
  refused({
    status: 404,
    code: 'not_found',
    reason: 'unknownRepository',
    message: `Winnow's config names no repository ${repository}`,
    log: 'webhook refused: the config does not name this repository',
    fields: { repository },
  })

const rowOf = (
  { cause, author, dedupeKey }: Happening,
  { name, host }: WebhookRepository,
  bodyDigest: Digest,
  at: Time,
): NewRow<'change'> => ({
  repository: name,
  cause,
  sender: host,
  ...(cause.kind === 'push' ? { ref: cause.ref } : {}),
  author,
  dedupeKey,
  bodyDigest,
  receivedAt: at,
  ...justRecorded,
})
