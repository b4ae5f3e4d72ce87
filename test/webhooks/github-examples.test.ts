import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { createRecordingServer, sign } from './recording-server.ts'

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

it('takes every body that GitHub sends, and makes changes of those that bring code', async () => {
  const names = new Set(events.flatMap(({ examples }) => examples.map(({ repository }) => repository?.full_name)))
  const server = await createRecordingServer(
    [...names]
      .filter((name) => name !== undefined)
      .map((fullName, index) => ({ name: `r${index}`, host: 'github', fullName, secrets: [secret] })),
  )
  const refused: unknown[] = []
  for (const { name, examples } of events)
    for (const example of examples) {
      const payload = JSON.stringify(example)
      const response = await server.app.inject({
        method: 'POST',
        url: '/webhooks/github',
        payload,
        headers: { 'x-github-event': name, 'x-hub-signature-256': sign(secret, payload) },
      })
      if (![200, 202].includes(response.statusCode)) refused.push({ name, answer: response.json() })
    }
  expect(refused).toEqual([])
  const kinds = new Set(server.changes.map(({ cause }) => cause.kind))
  expect(kinds).toEqual(new Set(['push', 'pullRequest', 'release']))
}, 60_000)
