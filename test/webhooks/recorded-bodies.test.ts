import { createHmac } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { HostKind } from '../../src/webhooks/sender.ts'
import { describeWithEmulators } from '../emulators/emulators.ts'
import { emulatorsFolder } from '../emulators/programs.ts'
import { createRecordingServer } from './recording-server.ts'

// Bodies that these hosts sent, as two libraries for Go keep them (test/emulators/build.sh fetches them).

interface Body {
  readonly object_kind?: string
  readonly event_name?: string
  readonly eventKey?: string
}

interface Recording {
  readonly host: HostKind
  /** Below `recorded`. */
  readonly folder: string
  /** How the host labels this body. */
  readonly label: (file: string, body: Body) => Readonly<Record<string, string>>
  /** Files that bring code → the cause that each becomes. Everything else is ignored with a reason. */
  readonly told: Readonly<Record<string, object>>
}

const zeros = '0'.repeat(40)
const pushed = (ref: string, commit: string) => ({ kind: 'push', ref, commit, deleted: commit === zeros })
const asked = (number: number, action: string, ref: string, fork = false) => ({
  kind: 'pullRequest',
  number,
  action,
  ref,
  fork,
})
const released = (ref: string) => ({ kind: 'release', action: 'published', ref })

const gitlabLabels: Readonly<Record<string, string>> = {
  push: 'Push Hook',
  tag_push: 'Tag Push Hook',
  merge_request: 'Merge Request Hook',
  release: 'Release Hook',
}
const gitlabLabel: Recording['label'] = (file, { object_kind = '' }) => ({
  'x-gitlab-event': file.startsWith('system-') ? 'System Hook' : (gitlabLabels[object_kind] ?? 'Another Hook'),
})

const giteaLabel =
  (name: string): Recording['label'] =>
  (file) => ({ [name]: file.replace(/(-assign|-label|-milestone)?-event.json$/, '').replaceAll('-', '_') })
const toldByGitea = {
  'push-event.json': pushed('refs/heads/master', '67b56589a45103f891bdee7c0546e5d40bc02001'),
  'delete-event.json': pushed('refs/heads/example3', zeros),
  'pull-request-event.json': asked(2, 'opened', 'refs/heads/master', true),
  'release-event.json': released('refs/tags/example'),
}

const cloudEvents: Readonly<Record<string, string>> = {
  'pull-request-approval-removed': 'pullrequest:unapproved',
  'repo-commit-status-created': 'repo:commit_status_created',
  'repo-commit-status-updated': 'repo:commit_status_updated',
}
const cloudEvent = (file: string): string => {
  const name = file.replace('.json', '')
  return cloudEvents[name] ?? name.replace('pull-request-', 'pullrequest:').replace(/^(repo|issue|commit)-/, '$1:')
}

const sent: Readonly<Record<string, Recording>> = {
  'GitLab, as one library has it': {
    host: 'gitlab',
    folder: 'several/gitlab',
    label: gitlabLabel,
    told: {
      'push-event.json': pushed('refs/heads/master', 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7'),
      'tag-event.json': pushed('refs/tags/v1.0.0', '82b3d5ae55f7080f1e6022629cdb57bfae7cccc7'),
      'system-push-event.json': pushed('refs/heads/master', 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7'),
      // A tag that is an object: the push names it, and this is its commit.
      'system-tag-event.json': pushed('refs/tags/v1.0.0', '5937ac0a7beb003549fc5fd26fc247adbce4a52e'),
      'merge-request-event.json': asked(1, 'opened', 'refs/heads/ms-viewport'),
      'release-event.json': released('refs/tags/v1.1'),
    },
  },
  'GitLab, as its own client has it': {
    host: 'gitlab',
    folder: 'gitlab',
    label: gitlabLabel,
    told: {
      'push.json': pushed('refs/heads/master', 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7'),
      'tag_push.json': pushed('refs/tags/v1.0.0', '82b3d5ae55f7080f1e6022629cdb57bfae7cccc7'),
      'merge_request.json': asked(1, 'opened', 'refs/heads/ms-viewport'),
      'service_merge_request.json': asked(2, 'synchronize', 'refs/heads/next-feature'),
      'release.json': released('refs/tags/1.0.0'),
    },
  },
  Gitea: { host: 'gitea', folder: 'several/gitea', label: giteaLabel('x-gitea-event'), told: toldByGitea },
  Forgejo: { host: 'forgejo', folder: 'several/gitea', label: giteaLabel('x-forgejo-event'), told: toldByGitea },
  'Bitbucket Cloud': {
    host: 'bitbucket',
    folder: 'several/bitbucket',
    label: (file) => ({ 'x-event-key': cloudEvent(file) }),
    told: {
      'repo-push.json': pushed('refs/heads/name-of-branch', '709d658dc5b6d6afcd46049c2f332ee3f515a67d'),
      'pull-request-created.json': asked(1, 'opened', 'refs/heads/branch2'),
      'pull-request-updated.json': asked(1, 'synchronize', 'refs/heads/branch2'),
    },
  },
  'Bitbucket Data Center': {
    host: 'bitbucket',
    folder: 'several/bitbucket-server',
    label: (_file, { eventKey = '' }) => ({ 'x-event-key': eventKey }),
    told: {
      'repo-refs-changed.json': { ...pushed('refs/heads/feature/wip', zeros), deleted: true },
      'pr-opened.json': asked(5, 'opened', 'refs/heads/feature/wip'),
    },
  },
}

const secret = 'one secret for all of these repositories'

const signed = (host: HostKind, body: string): Readonly<Record<string, string>> => {
  const digits = createHmac('sha256', secret).update(body).digest('hex')
  if (host === 'gitlab') return { 'x-gitlab-token': secret }
  return host === 'bitbucket' ? { 'x-hub-signature': `sha256=${digits}` } : { [`x-${host}-signature`]: digits }
}

/** Every name of a repository anywhere in a body: as a config would have it. */
const namesIn = (host: HostKind, value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return []
  const { path_with_namespace, full_name, slug, project } = value as Readonly<Record<string, unknown>>
  const key = (project as { key?: unknown } | undefined)?.key
  const own =
    host === 'gitlab' ? path_with_namespace : slug !== undefined && key !== undefined ? `${key}/${slug}` : full_name
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(value).flatMap((one) => namesIn(host, one))]
}

/** One that the library has wrong: the names of its fields end with a blank. */
const misrecorded = 'gitlab/group_merge_request.json'

describeWithEmulators('bodies that hosts have sent', () => {
  it.each(Object.entries(sent))('are understood: %s', async (_name, { host, folder, label, told }) => {
    const from = join(emulatorsFolder() as string, 'recorded', folder)
    const files = (await readdir(from)).filter((file) => file.endsWith('.json') && `${folder}/${file}` !== misrecorded)
    expect(files.length).toBeGreaterThan(15)
    const answers: Record<string, unknown> = {}
    for (const file of files) {
      const payload = await readFile(join(from, file), 'utf8')
      const body = JSON.parse(payload)
      const server = await createRecordingServer(
        [...new Set([...namesIn(host, body), 'another/one'])].map((fullName, i) => ({
          name: `r${i}`,
          host,
          fullName,
          secrets: [secret],
        })),
      )
      const headers = { ...label(file, body), ...signed(host, payload) }
      const response = await server.app.inject({ method: 'POST', url: `/webhooks/${host}`, payload, headers })
      const { ignored } = response.json() as { readonly ignored?: string }
      if (ignored === undefined || ignored.length < 20) answers[file] = server.changes[0]?.cause ?? response.json()
    }
    expect(Object.keys(answers).sort()).toEqual(Object.keys(told).sort())
    expect(answers).toMatchObject(told)
  })
})
