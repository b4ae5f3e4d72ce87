import { s3Generation, unquotedEtag } from '../../domain/s3-generation.ts'

// The XML that S3 answers with: flat lists of elements without attributes that matter, so it is read as text.

interface ListedObject {
  readonly name: string
  readonly generation: string
  readonly size: number
  readonly etag: string
}

export interface ListingPage {
  readonly objects: readonly ListedObject[]
  /** The query of the next page; undefined after the last one. */
  readonly next: Readonly<Record<string, string>> | undefined
}

/** An answer of ListObjectsV2. Undefined where the text is none. */
export const readObjects = (xml: string): ListingPage | undefined => {
  const result = textOf(xml, 'ListBucketResult')
  if (result === undefined) return undefined
  const token = isTrue(result, 'IsTruncated') ? unescaped(textOf(result, 'NextContinuationToken')) : undefined
  return {
    objects: partsOf(result, 'Contents').map((part) => toListed(part, nameReader(result))),
    next: token === undefined ? undefined : { 'continuation-token': token },
  }
}

/** An answer of ListObjectVersions: of each object the version that stands. Undefined where the text is none. */
export const readVersions = (xml: string): ListingPage | undefined => {
  // The second name is what some stores that speak S3 write.
  const result = textOf(xml, 'ListVersionsResult') ?? textOf(xml, 'ListBucketVersionsResult')
  if (result === undefined) return undefined
  const read = nameReader(result)
  const key = isTrue(result, 'IsTruncated') ? textOf(result, 'NextKeyMarker') : undefined
  const version = unescaped(textOf(result, 'NextVersionIdMarker'))
  return {
    objects: partsOf(result, 'Version')
      .filter((part) => isTrue(part, 'IsLatest'))
      .map((part) => toListed(part, read)),
    next: key === undefined ? undefined : { 'key-marker': read(key), ...(version && { 'version-id-marker': version }) },
  }
}

/** Whether versions are kept, or were: `GET ?versioning`. */
export const readVersioning = (xml: string): boolean => textOf(xml, 'Status') !== undefined

/** Of an error document: `AccessDenied: Access Denied`. */
export const s3Words = (xml: string): string | undefined => {
  const [code, message] = [unescaped(textOf(xml, 'Code')), unescaped(textOf(xml, 'Message'))]
  return code === undefined && message === undefined ? undefined : [code, message].filter(Boolean).join(': ')
}

type ReadName = (text: string) => string

/** Names are URL-encoded where the answer says so: XML cannot hold all of them otherwise. */
const nameReader = (result: string): ReadName => {
  const encoded = textOf(result, 'EncodingType') === 'url'
  return (text) => {
    const plain = unescaped(text) ?? ''
    if (!encoded) return plain
    try {
      return decodeURIComponent(plain.replaceAll('+', ' '))
    } catch {
      return plain
    }
  }
}

const toListed = (part: string, read: ReadName): ListedObject => {
  const etag = unquotedEtag(unescaped(textOf(part, 'ETag')) ?? '')
  const size = Number(textOf(part, 'Size') ?? 0)
  const versionId = unescaped(textOf(part, 'VersionId'))
  return { name: read(textOf(part, 'Key') ?? ''), generation: s3Generation({ versionId, etag, size }), size, etag }
}

/** The texts of all elements of a name. Those that are asked for hold none of their own name. */
const partsOf = (xml: string, name: string): readonly string[] => {
  const parts: string[] = []
  const close = `</${name}>`
  for (let at = 0; ; ) {
    const open = xml.indexOf(`<${name}`, at)
    if (open < 0) return parts
    const start = xml.indexOf('>', open) + 1
    const end = xml.indexOf(close, start)
    if (start === 0 || end < 0) return parts
    at = end + close.length
    if (/^[\s>]/.test(xml.slice(open + name.length + 1, open + name.length + 2))) parts.push(xml.slice(start, end))
    else at = start
  }
}

const textOf = (xml: string, name: string): string | undefined => partsOf(xml, name)[0]
const isTrue = (xml: string, name: string): boolean => textOf(xml, name)?.trim() === 'true'

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const unescaped = (text: string | undefined): string | undefined =>
  text?.replaceAll(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return entities[name] ?? whole
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
