import type { RepositoryHost } from '../../domain/ports/host.ts'

interface Remembered {
  readonly text: string | undefined
  readonly size: number
}

const mebibyte = 1024 * 1024
/** What an entry costs besides its text. */
const overhead = 300

/**
 * The host, which is asked for a file of a commit once: what a commit holds never changes. Declarations and policies are
 * read for each change and each object of data, and starting git for it stops the event loop. The files that were not
 * asked for longest go first.
 */
export const rememberFiles = (host: RepositoryHost, mostBytes = 16 * mebibyte): RepositoryHost => {
  const files = new Map<string, Remembered>()
  let bytes = 0

  const remember = (key: string, text: string | undefined): void => {
    const size = key.length + overhead + 2 * (text?.length ?? 0)
    // One large file does not push out all the others.
    if (size > mostBytes / 8 || files.has(key)) return
    files.set(key, { text, size })
    bytes += size
    for (const [oldest, other] of files) {
      if (bytes <= mostBytes) break
      files.delete(oldest)
      bytes -= other.size
    }
  }

  return {
    ...host,
    readFile: async (repository, commit, path, signal) => {
      signal.throwIfAborted()
      const key = `${repository}\0${commit}\0${path}`
      const known = files.get(key)
      if (known !== undefined) {
        files.delete(key)
        files.set(key, known)
        return known.text
      }
      const text = await host.readFile(repository, commit, path, signal)
      remember(key, text)
      return text
    },
  }
}
