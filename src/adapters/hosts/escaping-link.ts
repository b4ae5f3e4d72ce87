import { lstat, readlink } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'

/** As many as Linux follows. */
const maxHops = 40

/**
 * The first of these links (paths inside `folder`) that leads out of the folder, by `..`, by an absolute target, or by
 * way of another link. Walks as the kernel does, component by component, because a target may be harmless as text and
 * still lead out through a second link. A link to nothing inside is fine; one that turns in circles is not.
 */
export const findEscapingLink = async (folder: string, links: readonly string[]): Promise<string | undefined> => {
  for (const link of links) if (await escapes(folder, link)) return link
  return undefined
}

const escapes = async (folder: string, link: string): Promise<boolean> => {
  const ahead = link.split('/').reverse()
  const behind: string[] = []
  let hops = 0
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (behind.pop() === undefined) return true
      continue
    }
    const path = join(folder, ...behind, part)
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined || !found.isSymbolicLink()) {
      behind.push(part)
      continue
    }
    const target = await readlink(path)
    hops += 1
    if (isAbsolute(target) || hops > maxHops) return true
    ahead.push(...target.split('/').reverse())
  }
  return false
}
