import { globFault, literalStart, matchesGlob } from './glob.ts'

// Addresses of data: `file:` with a pattern in the last part, `gs://` and `s3://` with one over the whole object path,
// `bq://project.dataset.table` with one in the table's name.

const bucketAddress = /^(gs|s3):\/\/([^/]*)\/(.*)$/s
const tableAddress = /^bq:\/\/([\w.:-]+)\.(\w+)\.([^./]+)$/
const bucketName = /^[a-z0-9][\w.-]{1,220}[a-z0-9]$/

const longestAddress = 1_500

/** Why a text is no address that a data trigger can watch; undefined where it is one. */
export const dataAddressFault = (uri: string): string | undefined => {
  if (uri.length > longestAddress) return `expected at most ${longestAddress} characters, got ${uri.length}`
  if (uri.startsWith('file:')) return fileFault(uri)
  if (/^(gs|s3):/.test(uri)) return bucketFault(uri)
  if (uri.startsWith('bq:')) return tableFault(uri)
  return `expected an address that begins with file:, gs://, s3:// or bq://, got ${JSON.stringify(uri)}`
}

const fileFault = (uri: string): string | undefined => {
  const path = uri.slice('file:'.length)
  const segments = path.split('/')
  if (path.startsWith('//') && !path.startsWith('///')) return 'expected file:///path, got a URI with a host'
  if (segments.includes('..')) return 'expected a path without ..'
  if (segments.slice(0, -1).some((segment) => /[*?[\]]/.test(segment)))
    return 'expected * only in the last part of the path'
  const name = nameOf(uri)
  if (name === '') return 'expected the files too: end it with /*.csv, for example'
  const fault = globFault(name)
  return fault === undefined ? undefined : `expected a pattern, ${fault}`
}

const bucketFault = (uri: string): string | undefined => {
  const [, scheme, bucket = '', pattern = ''] = bucketAddress.exec(uri) ?? []
  if (scheme === undefined)
    return `expected ${uri.slice(0, 2)}://bucket/path, such as ${uri.slice(0, 2)}://bucket/incoming/**/*.csv`
  if (!bucketName.test(bucket))
    return `expected the name of a bucket (patterns only after it), got ${JSON.stringify(bucket)}`
  if (pattern === '' || pattern.endsWith('/')) return 'expected the objects too: end it with /**, for example'
  const fault = pattern.startsWith('!') ? 'a pattern here excludes nothing' : globFault(pattern)
  return fault === undefined ? undefined : `expected a pattern, ${fault}`
}

const tableFault = (uri: string): string | undefined => {
  const table = tableAddress.exec(uri)?.[3]
  if (table === undefined)
    return 'expected bq://project.dataset.table (patterns only in the name of the table, such as events_*)'
  const fault = globFault(table)
  return fault === undefined ? undefined : `expected a pattern, ${fault}`
}

/** Whether an object's own address is one of those that a watched address means. Relative `file:` addresses mean none. */
export const isAddressOf = (watched: string, uri: string): boolean => {
  const start = bucketAddress.exec(watched) ?? tableAddress.exec(watched)
  const pattern = start?.at(-1)
  if (pattern === undefined) return false
  const fixed = watched.slice(0, watched.length - pattern.length)
  return uri.startsWith(fixed) && matchesGlob(pattern, uri.slice(fixed.length))
}

/** The address of the objects with another last part in the same folders; undefined where there are no folders. */
export const siblingAddress = (watched: string, name: string): string | undefined => {
  if (watched.startsWith('bq:')) return undefined
  const cut = watched.lastIndexOf('/') + 1
  const start = cut === 0 ? 'file:' : watched.slice(0, cut)
  const anyFolder = !watched.startsWith('file:') && watched.slice(cut).includes('**')
  return `${start}${anyFolder ? '**/' : ''}${name}`
}

/** Whether all that a watched address can mean lies within an address that the config allows. Folders always do. */
export const isWithinAddress = (watched: string, allowed: string): boolean => {
  if (watched.startsWith('file:')) return true
  const start = literalStart(watched)
  if (!allowed.startsWith('bq:')) return start.startsWith(allowed)
  return start.startsWith(`${allowed}.`) || watched === allowed
}

/** The folder of an object: its address up to the last slash. */
export const folderOf = (uri: string): string => uri.slice(0, uri.lastIndexOf('/'))

/** The last part of an object's address, as its writer named it. */
export const nameOf = (uri: string): string => {
  const name = uri.slice(Math.max(uri.lastIndexOf('/'), uri.startsWith('file:') ? 4 : -1) + 1)
  if (!uri.startsWith('file:')) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
