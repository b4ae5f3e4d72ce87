import { everything, type GitEvent, type RefUpdate } from '../git-events.ts'
import { gitSender, type Headers, hmac } from '../git-sender.ts'
import type { Sender } from '../sender.ts'

const isZero = (hash: string): boolean => /^0+$/.test(hash)
const labels = (name: string): Headers => ({ 'x-event-key': name })

/** Cloud's word for one end of a push; null where there is none. */
const side = (ref: string, hash: string): object | null => {
  if (isZero(hash)) return null
  const [, kind, name] = /^refs\/(heads|tags)\/(.*)$/.exec(ref) ?? []
  return { type: kind === 'tags' ? 'tag' : 'branch', name, target: { type: 'commit', hash } }
}

const sayCloud = (event: GitEvent, id: string, fullName: string): { body: object; labels: Headers } => {
  const repository = { type: 'repository', full_name: fullName }
  const common = { actor: { nickname: 'grower', display_name: 'Grower' }, repository, request: id }
  switch (event.kind) {
    case 'pushes': {
      const changes = event.refs.map(({ ref, before, commit }) => ({ new: side(ref, commit), old: side(ref, before) }))
      return { labels: labels('repo:push'), body: { ...common, push: { changes } } }
    }
    case 'pullRequest': {
      const { number, action, branch, commit, fork } = event
      const source = {
        branch: { name: branch },
        commit: { hash: commit.slice(0, 12) },
        repository: fork ? { full_name: 'somebody/beans' } : repository,
      }
      const pullrequest = { id: number, source, destination: { branch: { name: 'main' }, repository } }
      const name = action === 'synchronize' ? 'pullrequest:updated' : 'pullrequest:created'
      return { labels: labels(name), body: { ...common, pullrequest } }
    }
    case 'release':
    case 'nothing':
      return { labels: labels('repo:fork'), body: common }
  }
}

/** `PROJECT/slug`, taken apart. */
const placeOf = (fullName: string): object => {
  const [key, slug] = fullName.split('/')
  return { slug, project: { key } }
}

const sayDataCenter = (event: GitEvent, id: string, fullName: string): { body: object; labels: Headers } => {
  const repository = placeOf(fullName)
  const say = (eventKey: string, body: object) => ({
    labels: labels(eventKey),
    body: { eventKey, actor: { name: 'grower' }, request: id, ...body },
  })
  const change = ({ ref, before, commit }: RefUpdate) => ({
    ref: { id: ref },
    refId: ref,
    fromHash: before,
    toHash: commit,
    type: isZero(commit) ? 'DELETE' : isZero(before) ? 'ADD' : 'UPDATE',
  })
  switch (event.kind) {
    case 'pushes':
      return say('repo:refs_changed', { repository, changes: event.refs.map(change) })
    case 'pullRequest': {
      const { number, action, branch, commit, fork } = event
      const from = fork ? placeOf('~SOMEBODY/beans') : repository
      const fromRef = { id: `refs/heads/${branch}`, latestCommit: commit, repository: from }
      const name = { opened: 'pr:opened', reopened: 'pr:reopened', synchronize: 'pr:from_ref_updated' }[action]
      return say(name, { pullRequest: { id: number, fromRef, toRef: { id: 'refs/heads/main', repository } } })
    }
    case 'release':
    case 'nothing':
      return say('pr:comment:added', {
        pullRequest: {
          id: 1,
          fromRef: { id: 'refs/heads/main', latestCommit: 'c'.repeat(40), repository },
          toRef: { id: 'refs/heads/main', repository },
        },
      })
  }
}

const cloudSecret = 'what Bitbucket signs the lentils with'
const dataCenterSecret = 'what Data Center signs the rye with'
const sign = (secret: string, body: Buffer): Headers => ({ 'x-hub-signature': `sha256=${hmac(secret, body)}` })
const number = (id: string, copy: number): Headers => ({
  'x-request-uuid': `${copy}-${id}`,
  'x-attempt-number': String(copy + 1),
})

export const bitbucketCloud: Sender = gitSender({
  name: 'Bitbucket Cloud',
  weight: 1.5,
  repository: 'bitbucket-lentils',
  host: 'bitbucket',
  fullName: 'acme/lentils',
  secret: cloudSecret,
  can: { ...everything, pullRequests: ['opened', 'synchronize'], notes: false, releases: false, refs: 4 },
  say: sayCloud,
  sign,
  number,
  othersSecret: dataCenterSecret,
})

export const bitbucketDataCenter: Sender = gitSender({
  name: 'Bitbucket Data Center',
  weight: 1.5,
  repository: 'data-center-rye',
  host: 'bitbucket',
  fullName: 'ACME/rye',
  secret: dataCenterSecret,
  can: { ...everything, releases: false, refs: 4 },
  say: sayDataCenter,
  sign,
  number,
  othersSecret: cloudSecret,
})
