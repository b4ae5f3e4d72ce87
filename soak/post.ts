import { z } from 'zod'
import type { Answer } from './sender.ts'

const patience = 20_000

const one = z.object({ change: z.int().positive(), duplicate: z.boolean() })
const answers = z.union([
  one.transform(({ change, duplicate }) => [{ id: change, duplicate }]),
  z
    .object({ changes: z.array(one.transform(({ change, duplicate }) => ({ id: change, duplicate }))) })
    .transform(({ changes }) => changes),
])

/** Statuses that ask the sender to come again; every other but 2xx is a refusal. */
const asksAgain = (status: number): boolean => status >= 500 || status === 408 || status === 429

/** Posts as senders do: a 2xx is an acknowledgement, whatever it says; no answer in time is none. */
export const post = async (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer | string,
): Promise<Answer> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(patience),
    })
    const text = await response.text()
    if (response.ok) return { kind: 'acknowledged', changes: changesIn(text) }
    if (asksAgain(response.status)) return { kind: 'again', why: String(response.status) }
    return { kind: 'refused', status: response.status }
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } }
    return { kind: 'again', why: name === 'TimeoutError' ? 'no answer' : (cause?.code ?? name) }
  }
}

/** For what has no answer of Winnow's: it has arrived once it is done, and is done again where that fails. */
export const answerOf = async (deed: () => Promise<void>): Promise<Answer> => {
  try {
    await deed()
    return { kind: 'acknowledged', changes: undefined }
  } catch (error) {
    const { name, code } = error as Error & { code?: unknown }
    return { kind: 'again', why: String(code ?? name) }
  }
}

const changesIn = (
  text: string,
): Answer extends { changes: infer C } ? C : readonly { id: number; duplicate: boolean }[] | undefined => {
  try {
    return answers.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
