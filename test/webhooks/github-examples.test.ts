import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { createRecordingServer, type RecordingServer, sign } from './recording-server.ts'

interface Example {
  readonly action?: string
  readonly repository?: { readonly full_name: string }
}
const require = createRequire(import.meta.url)
// Bodies that GitHub sent, as its own libraries keep them.
const events: readonly {
  readonly name: string
  readonly examples: readonly Example[]
}[] = require('@octokit/webhooks-examples')

const secret = 'one secret for all of these repositories'

const names = new Set(events.flatMap(({ examples }) => examples.map(({ repository }) => repository?.full_name)))
const repositories = [...names]
  .filter((name) => name !== undefined)
  .map((fullName, index) => ({ name: `r${index}`, host: 'github', fullName, secrets: [secret] }) as const)

const post = (server: RecordingServer, name: string, example: unknown) => {
  const payload = JSON.stringify(example)
  const headers = { 'x-github-event': name, 'x-hub-signature-256': sign(secret, payload) }
  return server.app.inject({ method: 'POST', url: '/webhooks/github', payload, headers })
}

it('gives every body that GitHub sends a stated answer, and makes changes of those that bring code', async () => {
  const server = await createRecordingServer(repositories)
  const unstated: unknown[] = []
  for (const { name, examples } of events)
    for (const example of examples) {
      const response = await post(server, name, example)
      const { change, ignored, pong } = response.json()
      const stated =
        name === 'ping'
          ? response.statusCode === 200 && pong === true
          : response.statusCode === 202 && (typeof change === 'number' || (ignored ?? '').length > 20)
      if (!stated) unstated.push({ name, action: example.action, answer: response.json() })
      if (['push', 'release'].includes(name) !== (typeof change === 'number') && name !== 'pull_request')
        unstated.push({ name, action: example.action, answer: response.json() })
    }
  expect(unstated).toEqual([])
  const kinds = new Set(server.changes.map(({ cause }) => cause.kind))
  expect(kinds).toEqual(new Set(['push', 'pullRequest', 'release']))
}, 60_000)

it('an App that is taken off a repository which the config names is told to a person and counted', async () => {
  const server = await createRecordingServer(repositories)
  const told = () =>
    server.logged
      .filter(({ level, msg }) => level === 'warn' && String(msg).includes('no more'))
      .map((line) => line['repository'])
  const named = (owner: string) =>
    repositories.filter(({ fullName }) => fullName.startsWith(owner)).map(({ name }) => name)
  const [first, ...others] = named('Codertocat/')
  const fullName = repositories.find(({ name }) => name === first)?.fullName.toUpperCase()
  const installation = { id: 957387, account: { login: 'codertocat' } }
  const removed = [{ full_name: fullName }, { full_name: 'Codertocat/another' }]
  const changed = { action: 'removed', installation, repositories_removed: removed }
  expect((await post(server, 'installation_repositories', changed)).json().ignored).toContain('taken off')
  expect(told()).toEqual([first])
  expect((await post(server, 'installation', { action: 'suspend', installation })).json().ignored).toContain(
    'suspended',
  )
  await post(server, 'installation', { action: 'created', installation })
  expect(told()).toEqual([first, first, ...others])
  const count = 2 + others.length
  expect(server.refusals.report().counts).toEqual([{ sender: 'github', reason: 'withdrawn', count }])
  expect((await post(server, 'installation', { action: 'deleted' })).statusCode).toBe(422)
  expect(server.changes).toEqual([])
})
