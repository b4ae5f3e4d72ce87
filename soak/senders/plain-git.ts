import type { GitEvent } from '../git-events.ts'
import { gitSender, type Headers, hmac } from '../git-sender.ts'
import type { Sender } from '../sender.ts'

/** What the hook of a plain git server posts; it knows nothing but pushes. */
const say = (event: GitEvent, id: string, repository: string): { body: object; labels: Headers } => {
  if (event.kind !== 'pushes') throw new Error(`a hook does not tell of a ${event.kind}`)
  const refs = event.refs.map(({ ref, before, commit }) => ({ ref, before, after: commit }))
  return { labels: {}, body: { delivery: id, repository, pusher: 'grower', sentAt: '2026-11-02T10:00:00.000Z', refs } }
}

export const plainGit: Sender = gitSender({
  name: 'plain git',
  weight: 1.5,
  repository: 'plain-barley',
  host: 'git',
  secret: 'what the hook signs the barley with',
  can: { pullRequests: [], notes: true, releases: false, nothings: false, refs: 6 },
  say,
  sign: (secret, body) => ({ 'x-winnow-signature-256': `sha256=${hmac(secret, body)}` }),
})
