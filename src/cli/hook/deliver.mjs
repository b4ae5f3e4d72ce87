// Run by the post-receive hook on the git server, by whatever Node is there (18 or newer), so plain JavaScript
// without packages. The push is written to the spool first and removed when Winnow has answered 2xx: a push is not
// lost because Winnow is down, and it is never refused or held up because of it.
import { createHmac, randomUUID } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const home = dirname(fileURLToPath(import.meta.url))
const spool = join(home, 'spool')
const refused = join(home, 'refused')
/** Winnow takes at most so many refs in one delivery. */
const refsPerDelivery = 1_000

const say = (text) => process.stderr.write(`winnow: ${text}\n`)
const zero = (hash) => /^0+$/.test(hash)

const pusher = () => {
  const { REMOTE_USER, GL_USER, USER } = process.env
  const known = [REMOTE_USER, GL_USER, USER].find((name) => name !== undefined && name !== '')
  try {
    return known ?? userInfo().username
  } catch {
    return 'unknown'
  }
}

const parseUpdates = (text) =>
  text
    .split('\n')
    .map((line) => /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (.+)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, before, after, ref]) => ({ ref, before, after }))

/** Names sort by time, so the spool is delivered in the order of the pushes. */
const keep = (repository, refs, sentAt) => {
  mkdirSync(spool, { recursive: true, mode: 0o700 })
  const delivery = randomUUID()
  const name = `${String(sentAt.getTime()).padStart(14, '0')}-${delivery}.json`
  const body = JSON.stringify({ delivery, repository, pusher: pusher(), sentAt: sentAt.toISOString(), refs })
  const draft = join(spool, `.${name}`)
  const file = openSync(draft, 'wx', 0o600)
  writeSync(file, body)
  fsyncSync(file)
  closeSync(file)
  renameSync(draft, join(spool, name))
  return name
}

const readSecret = (file) => {
  if ((statSync(file).mode & 0o077) !== 0) throw new Error(`others may read ${file}: chmod 600 it`)
  const secret = readFileSync(file, 'utf8').trim()
  if (secret === '') throw new Error(`${file} is empty`)
  return secret
}

const post = async (url, secret, body, timeoutMs) => {
  const response = await fetch(url, {
    method: 'POST',
    // A redirect would carry a signed body to somebody whom the config does not name.
    redirect: 'manual',
    signal: AbortSignal.timeout(Math.max(1, timeoutMs)),
    headers: {
      'content-type': 'application/json',
      'x-winnow-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
    body,
  })
  const text = await response.text()
  let answer = {}
  try {
    answer = JSON.parse(text)
  } catch {}
  return { status: response.status, answer: answer ?? {} }
}

const describe = (body, answer) => {
  const { refs } = JSON.parse(body)
  const changes = answer.changes ?? [answer]
  return refs.map(({ ref, after }, i) => {
    const what = zero(after) ? `deletion of ${ref}` : `${ref} ${after.slice(0, 10)}`
    return `${what} is change ${changes[i]?.change}${changes[i]?.duplicate ? ', known already' : ''}`
  })
}

/** Bodies that will never be taken: kept aside for a person, so that they do not stop those behind them. */
const hopeless = [400, 413, 415, 422]

const reason = (error) =>
  error?.name === 'TimeoutError'
    ? 'no answer in time'
    : (error?.cause?.code ?? error?.cause?.message ?? error?.message ?? String(error))

const deliverSpool = async (config, deadline) => {
  const waiting = () =>
    readdirSync(spool)
      .filter((name) => /^\d.*\.json$/.test(name))
      .sort()
  const left = (why) => {
    const count = waiting().length
    say(`${config.url}: ${why}`)
    say(
      `the push is in; ${count === 1 ? 'its delivery is' : `${count} deliveries are`} kept and go${count === 1 ? 'es' : ''} with the next push`,
    )
  }
  let secret
  try {
    secret = readSecret(config.secretFile)
  } catch (error) {
    return left(error.message)
  }
  for (const name of waiting()) {
    const path = join(spool, name)
    let body
    try {
      body = readFileSync(path, 'utf8')
    } catch (error) {
      // Another push delivered it in the meantime.
      if (error.code === 'ENOENT') continue
      throw error
    }
    for (let attempt = 1; ; attempt += 1) {
      let why
      try {
        const { status, answer } = await post(config.url, secret, body, deadline - Date.now())
        if (status >= 200 && status < 300) {
          rmSync(path, { force: true })
          for (const line of describe(body, answer)) say(line)
          break
        }
        const message = answer.error?.message ?? ''
        if (hopeless.includes(status)) {
          mkdirSync(refused, { recursive: true, mode: 0o700 })
          renameSync(path, join(refused, name))
          say(`refused with ${status}: ${message}; kept as ${join(refused, name)}`)
          break
        }
        why = `${status} ${message}`.trim()
        // A person has to mend these; asking again now changes nothing.
        if (status < 500 && status !== 408 && status !== 429) return left(why)
      } catch (error) {
        why = reason(error)
      }
      const pause = 200 * 2 ** (attempt - 1)
      if (Date.now() + pause >= deadline) return left(why)
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
}

// Always 0: the push is done, and git would only repeat what is said here.
try {
  const config = JSON.parse(readFileSync(join(home, 'config.json'), 'utf8'))
  const now = new Date()
  const refs = parseUpdates(readFileSync(0, 'utf8'))
  for (let i = 0; i < refs.length; i += refsPerDelivery)
    keep(config.repository, refs.slice(i, i + refsPerDelivery), new Date(now.getTime() + i / refsPerDelivery))
  mkdirSync(spool, { recursive: true, mode: 0o700 })
  await deliverSpool(config, now.getTime() + config.timeoutMs)
} catch (error) {
  say(`this push was NOT sent: ${error?.message ?? error}`)
}
process.exit(0)
