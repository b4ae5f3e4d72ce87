import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestBytes } from '../../src/domain/digest.ts'
import { parseJsonBody } from '../../src/domain/json-body.ts'
import { bitbucket } from '../../src/webhooks/bitbucket.ts'
import { git } from '../../src/webhooks/git.ts'
import { forgejo, gitea } from '../../src/webhooks/gitea.ts'
import { github } from '../../src/webhooks/github.ts'
import { gitlab } from '../../src/webhooks/gitlab.ts'
import type { Header } from '../../src/webhooks/route.ts'
import type { Happening, Sender, WebhookRepository } from '../../src/webhooks/sender.ts'
import { cloudPullRequest, cloudPush, dataCenterPullRequest, dataCenterPush } from './fixtures/bitbucket-payloads.ts'
import { giteaPullRequest, giteaPush } from './fixtures/gitea-payloads.ts'
import { forkPayload, pushPayload } from './fixtures/github-payloads.ts'
import { gitlabMergeRequest, gitlabPush } from './fixtures/gitlab-payloads.ts'
import { hosts } from './hosts.ts'
import { mutated } from './mutations.ts'

type Headers = Readonly<Record<string, string>>
interface Fuzzed {
  readonly sender: Sender
  readonly bodies: readonly unknown[]
  readonly labels: readonly Headers[]
  /** Whether the body says, read without the translator, that a pull request comes from its own repository. */
  readonly ownHead?: (body: never) => boolean
}

const require = createRequire(import.meta.url)
const examples: readonly { readonly name: string; readonly examples: readonly object[] }[] =
  require('@octokit/webhooks-examples')

const hubPush = {
  delivery: 'a-delivery-id',
  repository: 'beans',
  pusher: 'grower',
  sentAt: '2026-01-01T00:00:00Z',
  refs: [{ ref: 'refs/heads/main', before: '0'.repeat(40), after: 'a'.repeat(40) }],
}
const same = (a: unknown, b: unknown): boolean =>
  typeof a === 'string' && typeof b === 'string' && a.toLowerCase() === b.toLowerCase()

interface Hub {
  pull_request: { head: { repo: { full_name: unknown } } }
  repository: { full_name: unknown }
}
const hubHead = ({ pull_request, repository }: Hub): boolean =>
  same(pull_request.head.repo.full_name, repository.full_name)

const githubEvents = ['push', 'pull_request', 'release', 'installation', 'installation_repositories', 'create']
const giteaEvents = ['push', 'delete', 'create', 'pull_request', 'pull_request_sync', 'release', 'issues', '']
const fuzzed: Readonly<Record<string, Fuzzed>> = {
  GitHub: {
    sender: github,
    bodies: [
      pushPayload(),
      forkPayload('acme/beans'),
      ...examples.filter(({ name }) => githubEvents.includes(name)).flatMap((event) => event.examples.slice(0, 2)),
    ],
    labels: [...githubEvents, ''].map((name) => ({ 'x-github-event': name })),
    ownHead: hubHead,
  },
  GitLab: {
    sender: gitlab,
    bodies: [gitlabPush(), gitlabMergeRequest({}), { ...gitlabPush(), object_kind: 'tag_push', ref: 'refs/tags/v1' }],
    labels: ['Push Hook', 'Tag Push Hook', 'Merge Request Hook', 'Release Hook', 'System Hook', ''].map((label) => ({
      'x-gitlab-event': label,
    })),
    ownHead: ({ object_attributes: { source_project_id: source, target_project_id: target } }: GitlabBody) =>
      typeof source === 'number' && source === target,
  },
  Gitea: {
    sender: gitea,
    bodies: [giteaPush(), giteaPullRequest({}, { full_name: 'acme/beans' })],
    labels: giteaEvents.map((event) => ({ 'x-gitea-event': event })),
    ownHead: hubHead,
  },
  Forgejo: {
    sender: forgejo,
    bodies: [giteaPush(), giteaPullRequest({}, { full_name: 'acme/beans' })],
    labels: giteaEvents.map((event) => ({ 'x-forgejo-event': event })),
    ownHead: hubHead,
  },
  'Bitbucket Cloud': {
    sender: bitbucket,
    bodies: [cloudPush(), cloudPullRequest({ full_name: 'acme/beans' })],
    labels: ['repo:push', 'pullrequest:created', 'pullrequest:updated', 'repo:fork', ''].map((key) => ({
      'x-event-key': key,
    })),
    ownHead: ({ pullrequest, repository }: CloudBody) =>
      same(pullrequest.source.repository.full_name, repository.full_name),
  },
  'Bitbucket Data Center': {
    sender: bitbucket,
    bodies: [dataCenterPush(), dataCenterPullRequest({}, 'ACME')],
    labels: ['repo:refs_changed', 'pr:opened', 'pr:modified', 'pr:from_ref_updated', 'pr:merged'].map((key) => ({
      'x-event-key': key,
    })),
    ownHead: ({ pullRequest: { fromRef, toRef } }: CenterBody) =>
      same(fromRef.repository.slug, toRef.repository.slug) &&
      same(fromRef.repository.project.key, toRef.repository.project.key),
  },
  'plain git': { sender: git, bodies: [hubPush], labels: [{}] },
}
interface GitlabBody {
  object_attributes: { source_project_id: unknown; target_project_id: unknown }
}
interface CloudBody {
  pullrequest: { source: { repository: { full_name: unknown } } }
  repository: { full_name: unknown }
}
interface CenterSide {
  repository: { slug: unknown; project: { key: unknown } }
}
interface CenterBody {
  pullRequest: { fromRef: CenterSide; toRef: CenterSide }
}

/** A signature without its label, each way to write the same bytes as one. */
const essence = (text: string): string =>
  text.startsWith('v1,') ? Buffer.from(text.slice(3), 'base64').toString('base64') : text.replace(/^sha256=/, '')

const headerOf =
  (headers: Headers): Header =>
  (name) =>
    headers[name] ?? ''

it('GitLab says of a merge request without commits that it has none, and nothing is planned', () => {
  const body = gitlabMergeRequest({ last_commit: null })
  const header = headerOf({ 'x-gitlab-event': 'Merge Request Hook' })
  const reason = 'the merge request has no commit of its own'
  expect(gitlab.translate({ header, body, bodyDigest: digestBytes('') })).toEqual({
    kind: 'ignored',
    repository: 'acme/ml/beans',
    reason,
  })
})

/** What every later step may rely on, whatever was sent. */
const expectSound = ({ cause, author, dedupeKey }: Happening): void => {
  expect(author.length).toBeGreaterThan(0)
  expect(author.length).toBeLessThanOrEqual(255)
  expect(dedupeKey.length).toBeLessThan(1_500)
  expect(['push', 'pullRequest', 'release']).toContain(cause.kind)
  if (cause.kind !== 'push' && cause.kind !== 'pullRequest' && cause.kind !== 'release') return
  for (const ref of [cause.ref, 'baseRef' in cause ? cause.baseRef : cause.ref]) {
    expect(ref).toMatch(/^refs\/[^/]+\/[^\s~^:?*[\\]+$/)
    expect(ref).not.toMatch(/\.\.|@\{|\/\/|\/\.|[/.]$/)
  }
  const full = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/
  if (cause.kind === 'push') {
    expect(cause.commit).toMatch(full)
    expect(cause.before).toMatch(full)
    expect(cause.deleted).toBe(/^0+$/.test(cause.commit))
  }
  if (cause.kind === 'pullRequest') {
    expect(cause.commit).toMatch(/^[0-9a-f]{12,64}$/)
    expect(Number.isSafeInteger(cause.number) && cause.number > 0).toBe(true)
  }
  if (cause.kind === 'release' && cause.commit !== null) expect(cause.commit).toMatch(full)
}

describe.each(Object.entries(fuzzed))('what %s might say', (_name, { sender, bodies, labels, ownHead }) => {
  it('has a meaning or none, is never thrown at, and never means more than it says', () => {
    const seen = new Set<string>()
    const body = fc.oneof({ weight: 9, arbitrary: mutated(bodies) }, { weight: 1, arbitrary: fc.jsonValue() })
    fc.assert(
      fc.property(body, fc.constantFrom(...labels), (value, label) => {
        const bytes = Buffer.from(JSON.stringify(value) ?? 'null')
        const json = parseJsonBody(bytes)
        if (!json.ok) return
        const told = sender.translate({ header: headerOf(label), body: json.value, bodyDigest: digestBytes(bytes) })
        seen.add(told.kind)
        if (told.kind === 'invalid' || told.kind === 'ignored') {
          expect(told.reason).not.toBe('')
          expect(told.reason.length).toBeLessThan(1_500)
        }
        if (told.kind !== 'happened') return
        expect(told.repository.length).toBeGreaterThan(0)
        for (const happening of told.happenings) {
          expectSound(happening)
          if (happening.cause.kind === 'pullRequest' && !happening.cause.fork)
            expect(ownHead?.(json.value as never)).toBe(true)
        }
      }),
      { numRuns: 400 },
    )
    // A check of what happened that nothing ever reached would prove nothing.
    expect(seen).toContain('happened')
    expect(seen).toContain('invalid')
  })
})

describe.each(Object.entries(hosts))('the signature of %s', (_name, host) => {
  const sender = [github, gitlab, gitea, forgejo, bitbucket].find(({ path }) => path === host.kind) as Sender
  const repository: WebhookRepository = {
    name: 'beans',
    host: host.kind,
    fullName: host.fullName,
    secrets: [host.secret],
  }
  const authenticate = sender.authenticator([repository])
  const now = 1_700_000_000_000
  const good = Buffer.from(JSON.stringify(host.push))
  const headers = host.sign(host.secret, good, now)
  const signsBody = !('x-gitlab-token' in headers)

  it('holds for its own bytes, and for no other', async () => {
    expect(await authenticate(headerOf(headers), good, now)).toEqual({ ok: true, speaksFor: [repository] })
    const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }))
    await fc.assert(
      fc.asyncProperty(change, fc.constantFrom('flip', 'cut', 'append'), async ([at, by], how) => {
        const other = Buffer.from(how === 'cut' ? good.subarray(0, at) : good)
        if (how === 'flip') other[at] = (other[at] as number) ^ by
        const body = how === 'append' ? Buffer.concat([other, Buffer.from([by])]) : other
        if (signsBody) expect((await authenticate(headerOf(headers), body, now)).ok).toBe(false)
      }),
      { numRuns: signsBody ? 200 : 1 },
    )
  })

  it('is refused with any other letter in it, and whatever else is sent as one', async () => {
    const names = Object.keys(headers)
    const other = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.constantFrom('sha256=', 'sha1=', 'v1,', `sha256=${'0'.repeat(64)}`, 'null', '[object Object]'),
      fc
        .tuple(fc.constantFrom(...names), fc.nat(), fc.string({ minLength: 1, maxLength: 1 }))
        .map(([name, at, letter]) => {
          const text = headers[name] as string
          return text.slice(0, at % text.length) + letter + text.slice((at % text.length) + 1)
        }),
    )
    await fc.assert(
      fc.asyncProperty(fc.record(Object.fromEntries(names.map((name) => [name, other]))), async (wrong) => {
        const sent: Headers = { ...wrong }
        if (!(await authenticate(headerOf(sent), good, now)).ok) return
        // By chance a letter was replaced by itself, or by one that base64 does not tell apart.
        expect(names.some((name) => essence(sent[name] as string) === essence(headers[name] as string))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
