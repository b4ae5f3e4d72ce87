import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, faultCodes, messageOf } from '../domain/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'

export interface ClientOptions {
  readonly data?: string
}

/** The controller's API as the commands use it. */
export interface Client {
  readonly get: <T>(path: string) => Promise<T>
  readonly post: <T>(path: string, body?: Json) => Promise<T>
  /** The bytes at a path; undefined where there is nothing. */
  readonly bytes: (path: string) => Promise<Uint8Array | undefined>
}

export const dataFolderOf = (options: ClientOptions): string => options.data ?? process.env['WINNOW_DATA'] ?? '.winnow'

const readIfThere = async (file: string): Promise<string | undefined> => {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const parsed = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Where the controller listens: $WINNOW_URL, or what a running one has written into its data folder. */
const addressOf = async (folder: string): Promise<string> => {
  const fromEnvironment = process.env['WINNOW_URL']
  if (fromEnvironment !== undefined) {
    if (!/^https?:\/\//.test(fromEnvironment) || !URL.canParse(fromEnvironment))
      throw new Fault('usage', `WINNOW_URL is no address: ${fromEnvironment}`, {
        remedy: 'Write it as http://127.0.0.1:8085.',
      })
    return fromEnvironment.replace(/\/+$/, '')
  }
  const written = await readIfThere(join(folder, 'server.json'))
  if (written === undefined)
    throw new Fault('not_running', `No controller has run on the data folder ${folder}`, {
      remedy:
        'Start one with `winnow serve` or `winnow dev`, or name its data folder with --data, or its address with WINNOW_URL.',
    })
  const url = parsed(written)?.['url']
  if (typeof url === 'string') return url
  throw new Fault('not_running', `${join(folder, 'server.json')} does not say where the controller listens`, {
    remedy: 'Start the controller again; it writes this file anew.',
  })
}

/** A client for the controller of a data folder, or of WINNOW_URL with WINNOW_TOKEN. */
export const connect = async (options: ClientOptions): Promise<Client> => {
  const folder = dataFolderOf(options)
  const url = await addressOf(folder)
  const token = process.env['WINNOW_TOKEN'] ?? (await readIfThere(join(folder, 'token')))
  if (token === undefined)
    throw new Fault('unauthorised', `There is no token in ${folder}`, {
      remedy: 'Set WINNOW_TOKEN, or name the data folder with --data.',
    })

  const send = async (method: 'GET' | 'POST', path: string, body?: Json): Promise<Response> => {
    try {
      return await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(60_000),
      })
    } catch (cause) {
      throw new Fault(
        'not_running',
        `The controller at ${url} does not answer: ${messageOf((cause as Error).cause ?? cause).split('\n', 1)[0]}`,
        {
          remedy: 'Start it with `winnow serve` or `winnow dev`.',
          cause,
        },
      )
    }
  }
  const answered = async <T>(response: Response): Promise<T> => {
    const text = await response.text()
    const answer = parsed(text)
    if (text !== '' && answer === undefined)
      throw new Fault('not_running', `What answers at ${url} is no controller of Winnow (HTTP ${response.status})`, {
        remedy: 'Look at WINNOW_URL and what listens there.',
      })
    if (response.ok) return answer as T
    if (response.status === 401)
      throw new Fault('unauthorised', `The controller at ${url} does not know this token`, {
        remedy:
          'Name the data folder of this controller with --data, or set WINNOW_TOKEN to what its file `token` holds.',
      })
    throw faultOf(answer?.['error'] as ErrorAnswer | undefined, response.status)
  }
  return {
    get: async (path) => answered(await send('GET', path)),
    post: async (path, body) => answered(await send('POST', path, body)),
    bytes: async (path) => {
      const response = await send('GET', path)
      if (response.status === 404) return undefined
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : answered(response)
    },
  }
}

interface ErrorAnswer {
  readonly code: string
  readonly message: string
  readonly remedy?: string
  readonly details?: readonly string[]
}

const faultOf = (error: ErrorAnswer | undefined, status: number): Fault => {
  const known = faultCodes.find((one) => one === error?.code)
  const code = known ?? (status === 404 ? 'not_found' : status === 400 ? 'usage' : 'target_unavailable')
  return new Fault(code, error?.message ?? `The controller answered ${status}`, {
    ...(error?.remedy === undefined ? {} : { remedy: error.remedy }),
    ...(error?.details === undefined ? {} : { details: error.details }),
  })
}
