import { everything, type GitEvent } from '../git-events.ts'
import { gitSender, type Headers, hmac } from '../git-sender.ts'
import type { Sender } from '../sender.ts'

const isZero = (hash: string): boolean => /^0+$/.test(hash)
const sender = { login: 'octocat', id: 6_752_317, type: 'User' }

const say = (event: GitEvent, id: string, fullName: string): { body: object; labels: Headers } => {
  const repository = { id: 35_129_377, full_name: fullName, default_branch: 'main' }
  // GitHub's bodies have many ids and times that no other delivery has; one stands for them all.
  const common = { repository, sender, hook_delivery_of: id }
  const labels = (name: string) => ({ 'x-github-event': name })
  switch (event.kind) {
    case 'pushes': {
      const [update] = event.refs
      if (update === undefined) throw new Error('a push without a ref')
      const deleted = isZero(update.commit)
      const head_commit = deleted ? null : { id: update.commit, message: 'More beans' }
      const { ref, before, commit: after } = update
      return {
        labels: labels('push'),
        body: { ...common, ref, before, after, deleted, head_commit, pusher: { name: 'octocat' } },
      }
    }
    case 'pullRequest': {
      const { number, action, branch, commit, fork } = event
      const head = { ref: branch, sha: commit, repo: fork ? { full_name: 'somebody/beans' } : repository }
      const pull_request = { number, head, base: { ref: 'main' } }
      return { labels: labels('pull_request'), body: { ...common, action, number, pull_request } }
    }
    case 'release': {
      const { action, tag } = event
      return { labels: labels('release'), body: { ...common, action, release: { tag_name: tag, draft: false } } }
    }
    case 'nothing':
      return { labels: labels('star'), body: { ...common, action: 'created' } }
  }
}

export const github: Sender = gitSender({
  name: 'GitHub',
  weight: 3,
  repository: 'github-beans',
  host: 'github',
  fullName: 'acme/beans',
  secret: 'what GitHub signs the beans with',
  can: everything,
  say,
  sign: (secret, body) => ({ 'x-hub-signature-256': `sha256=${hmac(secret, body)}` }),
  // A redelivery keeps its id; a second webhook for the same event has another.
  number: (id, copy) => ({ 'x-github-delivery': copy % 2 === 0 ? id : `${id.slice(0, -1)}x` }),
})
