import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Fault } from '../../domain/errors.ts'

/** Where a repository is fetched from: an address that may stand on a command line, because no secret is in it. */
export interface GitRemote {
  readonly url: string
  readonly scheme: 'file' | 'http' | 'https' | 'ssh'
}

const schemes: readonly string[] = ['file', 'http', 'https', 'ssh']
const loopback: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']

/**
 * The address of a repository as the config gives it: `https:`, `ssh:`, `file:`, an absolute path, `user@host:path`,
 * or `http:` on this machine. Fault config_invalid for everything else: other schemes let git run programs.
 */
export const parseGitRemote = (repository: string, text: string): GitRemote => {
  const invalid = (why: string): Fault =>
    new Fault('config_invalid', `repositories.${repository}.url: ${why}`, {
      remedy: 'give an https:, ssh: or file: address, or an absolute path',
    })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u0020\u007f]/.test(text) && !isAbsolute(text)) throw invalid('it holds blanks or control characters')
  if (isAbsolute(text)) return { url: pathToFileURL(text).href, scheme: 'file' }
  const scp = /^([\w.-]+@)?([\w][\w.-]*):(?!\/\/)([^-].*)$/.exec(text)
  if (scp !== null && text.includes('@')) return { url: text, scheme: 'ssh' }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const scheme = url?.protocol.slice(0, -1) ?? ''
  if (url === undefined || !schemes.includes(scheme)) throw invalid('it is no address that Winnow fetches from')
  if (url.password !== '' || (url.username !== '' && scheme !== 'ssh'))
    throw invalid('it holds a user or password: name the secret as accessToken instead')
  if (scheme === 'http' && !loopback.includes(url.hostname)) throw invalid('http: is for this machine only; use https:')
  if (url.hostname.startsWith('-') || url.username.startsWith('-')) throw invalid('its host looks like an option')
  return { url: text, scheme: scheme as GitRemote['scheme'] }
}
