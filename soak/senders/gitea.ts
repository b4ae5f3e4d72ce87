import { everything, type GitEvent } from '../git-events.ts'
import { gitSender, type Headers, hmac } from '../git-sender.ts'
import type { Sender } from '../sender.ts'

const user = { id: 1, login: 'grower', username: 'grower' }
const actions = { opened: 'opened', reopened: 'reopened', synchronize: 'synchronized' } as const
const isZero = (hash: string): boolean => /^0+$/.test(hash)

/** Gitea and Forgejo say the same under other headers. */
const sayAs =
  (header: string) =>
  (event: GitEvent, id: string, fullName: string): { body: object; labels: Headers } => {
    const repository = { id: 140, full_name: fullName, default_branch: 'main' }
    const common = { repository, sender: user, request: id }
    const labels = (name: string) => ({ [header]: name })
    switch (event.kind) {
      case 'pushes': {
        const [update] = event.refs
        if (update === undefined) throw new Error('a push without a ref')
        const { ref, before, commit } = update
        const head_commit = isZero(commit) ? null : { id: commit, message: 'More beans' }
        return { labels: labels('push'), body: { ...common, ref, before, after: commit, head_commit, pusher: user } }
      }
      case 'pullRequest': {
        const { number, branch, commit, fork } = event
        const head = { ref: branch, sha: commit, repo: fork ? { full_name: 'somebody/beans' } : repository }
        const pull_request = { number, user, head, base: { ref: 'main', repo: repository } }
        return {
          labels: labels('pull_request'),
          body: { ...common, action: actions[event.action], number, pull_request },
        }
      }
      case 'release': {
        const action = event.action === 'published' ? 'published' : 'updated'
        return {
          labels: labels('release'),
          body: { ...common, action, release: { tag_name: event.tag, draft: false } },
        }
      }
      case 'nothing':
        return { labels: labels('issues'), body: { ...common, action: 'opened' } }
    }
  }

export const gitea: Sender = gitSender({
  name: 'Gitea',
  weight: 1.5,
  repository: 'gitea-corn',
  host: 'gitea',
  fullName: 'acme/corn',
  secret: 'what Gitea signs the corn with',
  can: everything,
  say: sayAs('x-gitea-event'),
  sign: (secret, body) => ({ 'x-gitea-signature': hmac(secret, body) }),
  number: (id, copy) => ({ 'x-gitea-delivery': `${copy}-${id}` }),
})

export const forgejo: Sender = gitSender({
  name: 'Forgejo',
  weight: 1.5,
  repository: 'forgejo-oats',
  host: 'forgejo',
  fullName: 'acme/oats',
  secret: 'what Forgejo signs the oats with',
  can: everything,
  say: sayAs('x-forgejo-event'),
  sign: (secret, body) => ({ 'x-forgejo-signature': hmac(secret, body) }),
  number: (id, copy) => ({ 'x-forgejo-delivery': `${copy}-${id}` }),
})
