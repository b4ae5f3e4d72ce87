import { createHmac } from 'node:crypto'
import { everything, type GitEvent } from '../git-events.ts'
import { gitSender, type Headers } from '../git-sender.ts'
import type { Sender } from '../sender.ts'

const actions = { opened: 'open', reopened: 'reopen', synchronize: 'update' } as const
const isZero = (hash: string): boolean => /^0+$/.test(hash)

const say = (event: GitEvent, id: string, fullName: string): { body: object; labels: Headers } => {
  const common = { project: { id: 15, path_with_namespace: fullName }, user_username: 'grower', request: id }
  const labels = (name: string) => ({ 'x-gitlab-event': name })
  switch (event.kind) {
    case 'pushes': {
      const [update] = event.refs
      if (update === undefined) throw new Error('a push without a ref')
      const { ref, before, commit } = update
      const kind = ref.startsWith('refs/tags/') ? 'tag_push' : 'push'
      const checkout_sha = isZero(commit) ? null : commit
      const body = { ...common, object_kind: kind, event_name: kind, ref, before, after: commit, checkout_sha }
      return { labels: labels(kind === 'push' ? 'Push Hook' : 'Tag Push Hook'), body }
    }
    case 'pullRequest': {
      const { number, action, branch, commit, fork } = event
      const object_attributes = {
        iid: number,
        action: actions[action],
        source_branch: branch,
        target_branch: 'main',
        source_project_id: fork ? 16 : 15,
        target_project_id: 15,
        last_commit: { id: commit },
        ...(action === 'synchronize' ? { oldrev: 'b'.repeat(40) } : {}),
      }
      const user = { username: 'grower' }
      return {
        labels: labels('Merge Request Hook'),
        body: { ...common, object_kind: 'merge_request', user, object_attributes, changes: {} },
      }
    }
    case 'release': {
      const { tag, commit } = event
      const action = event.action === 'published' ? 'create' : 'update'
      return {
        labels: labels('Release Hook'),
        body: { ...common, object_kind: 'release', action, tag, commit: { id: commit } },
      }
    }
    case 'nothing':
      return { labels: labels('Note Hook'), body: { ...common, object_kind: 'note' } }
  }
}

const token = 'what GitLab sends along with rice'
const signingToken = `whsec_${Buffer.from('thirty-two bytes that GitLab has').toString('base64')}`

export const gitlabToken: Sender = gitSender({
  name: 'GitLab, secret token',
  weight: 1.5,
  repository: 'gitlab-rice',
  host: 'gitlab',
  fullName: 'acme/ml/rice',
  secret: token,
  can: everything,
  say,
  sign: (secret) => ({ 'x-gitlab-token': secret }),
  // GitLab's own redeliveries keep it: it is how the receiver is to know them.
  number: (id) => ({ 'x-gitlab-event-uuid': id, 'idempotency-key': id }),
  signsBody: false,
})

export const gitlabSigned: Sender = gitSender({
  name: 'GitLab, signed',
  weight: 1.5,
  repository: 'gitlab-peas',
  host: 'gitlab',
  fullName: 'acme/ml/peas',
  secret: signingToken,
  can: everything,
  say,
  // Each try is signed anew, with the time of the try and the id of the first.
  sign: (secret, body, at, id) => {
    const timestamp = String(Math.floor(at / 1_000))
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
    return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
  },
  staleAfter: 5 * 60_000,
})
