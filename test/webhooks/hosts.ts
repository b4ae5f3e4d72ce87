import { createHmac } from 'node:crypto'
import type { HostKind } from '../../src/webhooks/sender.ts'
import { cloudPullRequest, cloudPush, dataCenterPullRequest, dataCenterPush } from './fixtures/bitbucket-payloads.ts'
import { giteaPullRequest, giteaPush } from './fixtures/gitea-payloads.ts'
import { forkPayload, pushPayload } from './fixtures/github-payloads.ts'
import { gitlabMergeRequest, gitlabPush } from './fixtures/gitlab-payloads.ts'

type Headers = Readonly<Record<string, string>>

/** A host as tests play it: how it labels and signs a delivery, and what it says of one push to main and of a fork. */
export interface Host {
  readonly kind: HostKind
  readonly secret: string
  /** The repository as the host names it. */
  readonly fullName: string
  readonly push: Readonly<Record<string, unknown>>
  /** The push, said of a repository that the config does not name. */
  readonly elsewhere: Readonly<Record<string, unknown>>
  readonly labels: Headers
  /** Labels of another event. */
  readonly mislabelled: Headers
  readonly fork: { readonly body: Readonly<Record<string, unknown>>; readonly labels: Headers }
  readonly sign: (secret: string, body: Buffer, at: number) => Headers
}

const hex = (secret: string, body: Buffer): string => createHmac('sha256', secret).update(body).digest('hex')
const secretOf = (name: string): string => `the secret that ${name} signs with`

const signing = (id: string) => (secret: string, body: Buffer, at: number) => {
  const timestamp = String(Math.floor(at / 1_000))
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

const inOther = (body: Record<string, unknown>, from: string, to: string): Record<string, unknown> =>
  JSON.parse(JSON.stringify(body).replaceAll(from, to))

const gitlab = {
  kind: 'gitlab',
  fullName: 'acme/ml/beans',
  push: gitlabPush(),
  elsewhere: inOther(gitlabPush(), 'acme/ml/beans', 'acme/ml/rice'),
  labels: { 'x-gitlab-event': 'Push Hook' },
  mislabelled: { 'x-gitlab-event': 'Merge Request Hook' },
  fork: {
    body: gitlabMergeRequest({ source_project_id: 16 }),
    labels: { 'x-gitlab-event': 'Merge Request Hook' },
  },
} as const

const gitea = {
  fullName: 'acme/beans',
  push: giteaPush(),
  elsewhere: inOther(giteaPush(), 'acme/beans', 'acme/rice'),
  fork: giteaPullRequest({}, { full_name: 'somebody/beans' }),
} as const

export const hosts: Readonly<Record<string, Host>> = {
  GitHub: {
    kind: 'github',
    secret: secretOf('GitHub'),
    fullName: 'acme/beans',
    push: pushPayload(),
    elsewhere: pushPayload({ repository: { full_name: 'acme/rice' } }),
    labels: { 'x-github-event': 'push' },
    mislabelled: { 'x-github-event': 'pull_request' },
    fork: { body: forkPayload('somebody/beans'), labels: { 'x-github-event': 'pull_request' } },
    sign: (secret, body) => ({ 'x-hub-signature-256': `sha256=${hex(secret, body)}` }),
  },
  'GitLab with a secret token': {
    ...gitlab,
    secret: secretOf('GitLab'),
    sign: (secret) => ({ 'x-gitlab-token': secret }),
  },
  'GitLab with a signing token': {
    ...gitlab,
    secret: `whsec_${Buffer.from('thirty-two bytes of good secrets').toString('base64')}`,
    sign: signing('f5e5f430-f57b-4e6e-9fac-d9128cd7232f'),
  },
  Gitea: {
    ...gitea,
    kind: 'gitea',
    secret: secretOf('Gitea'),
    labels: { 'x-gitea-event': 'push' },
    mislabelled: { 'x-gitea-event': 'release' },
    fork: { body: gitea.fork, labels: { 'x-gitea-event': 'pull_request' } },
    sign: (secret, body) => ({
      'x-gitea-signature': hex(secret, body),
      'x-hub-signature-256': `sha256=${hex(secret, body)}`,
    }),
  },
  Forgejo: {
    ...gitea,
    kind: 'forgejo',
    secret: secretOf('Forgejo'),
    labels: { 'x-forgejo-event': 'push' },
    mislabelled: { 'x-forgejo-event': 'pull_request' },
    fork: { body: gitea.fork, labels: { 'x-forgejo-event': 'pull_request' } },
    sign: (secret, body) => ({ 'x-forgejo-signature': hex(secret, body) }),
  },
  'Bitbucket Cloud': {
    kind: 'bitbucket',
    secret: secretOf('Bitbucket'),
    fullName: 'acme/beans',
    push: cloudPush(),
    elsewhere: inOther(cloudPush(), 'acme/beans', 'acme/rice'),
    labels: { 'x-event-key': 'repo:push' },
    mislabelled: { 'x-event-key': 'pullrequest:created' },
    fork: {
      body: cloudPullRequest({ full_name: 'somebody/beans' }),
      labels: { 'x-event-key': 'pullrequest:created' },
    },
    sign: (secret, body) => ({ 'x-hub-signature': `sha256=${hex(secret, body)}` }),
  },
  'Bitbucket Data Center': {
    kind: 'bitbucket',
    secret: secretOf('Data Center'),
    fullName: 'ACME/beans',
    push: dataCenterPush(),
    elsewhere: inOther(dataCenterPush(), '"slug":"beans"', '"slug":"rice"'),
    labels: { 'x-event-key': 'repo:refs_changed' },
    mislabelled: { 'x-event-key': 'pr:opened' },
    fork: { body: dataCenterPullRequest({}, '~SOMEBODY'), labels: { 'x-event-key': 'pr:opened' } },
    sign: (secret, body) => ({ 'x-hub-signature': `sha256=${hex(secret, body)}` }),
  },
}
