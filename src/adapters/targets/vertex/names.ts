import { createHash } from 'node:crypto'

/** `projects/p/locations/l/models/m@3` → the name without its version, and the version or null. */
export const splitModelName = (name: string): { readonly model: string; readonly version: string | null } => {
  const at = name.lastIndexOf('@')
  return at < 0 ? { model: name, version: null } : { model: name.slice(0, at), version: name.slice(at + 1) }
}

/**
 * A resource id that a person reads: letters, digits and hyphens, a letter first, 63 characters at most. A name that
 * is none by itself gets a mark of its own, so that two names never share an id.
 */
export const resourceIdOf = (name: string): string => {
  if (/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return name
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 50)
    .replace(/-+$/, '')
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${slug || 'm'}-${mark}`
}

/** A value for a list filter, its quotes escaped. */
export const quoted = (text: string): string => `"${text.replace(/["\\]/g, (c) => `\\${c}`)}"`
