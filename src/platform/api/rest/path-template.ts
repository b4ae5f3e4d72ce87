/** A path of a `google.api.http` rule: `/v1/{name=projects/*\/models/*}:cancel`. */
export interface PathTemplate {
  /** Literals, `*` for any one segment and `**` (at the end) for any number of them. */
  readonly segments: readonly string[]
  /** What follows a colon at the path's end. */
  readonly verb: string | undefined
  /** Which segments are the value of which field. */
  readonly variables: readonly Variable[]
}

interface Variable {
  /** A path into the request: `model.name`. */
  readonly field: string
  readonly from: number
  /** Not included; undefined where it takes all that is left. */
  readonly to: number | undefined
}

/** The values of a template's variables, by the fields that they are for. */
export type Bindings = Readonly<Record<string, string>>

const variable = /^\{([\w.]+)(?:=([^}]+))?\}/
const literal = /^[^/{}:]+/

/** Throws a SyntaxError that shows the template. */
export const parseTemplate = (text: string): PathTemplate => {
  const segments: string[] = []
  const variables: Variable[] = []
  let rest = text
  while (rest.startsWith('/')) {
    rest = rest.slice(1)
    const found = variable.exec(rest)
    if (found) {
      const [whole, field = '', pattern = '*'] = found
      const from = segments.length
      segments.push(...pattern.split('/'))
      variables.push({ field, from, to: pattern.endsWith('**') ? undefined : segments.length })
      rest = rest.slice(whole.length)
    } else {
      const [word] = literal.exec(rest) ?? []
      if (word === undefined) break
      segments.push(word)
      rest = rest.slice(word.length)
    }
  }
  const verb = /^:(\w+)$/.exec(rest)?.[1]
  const open = segments.indexOf('**')
  if (segments.length === 0 || (rest !== '' && verb === undefined) || (open >= 0 && open !== segments.length - 1))
    throw new SyntaxError(`Not a path template: ${text}`)
  return { segments, verb, variables }
}

/** The values that a path (as it stands in a URL, percent-encoded) gives; undefined where it is another path. */
export const matchTemplate = ({ segments, verb, variables }: PathTemplate, path: string): Bindings | undefined => {
  if (!path.startsWith('/')) return undefined
  const given = path.slice(1).split('/')
  const last = given.length - 1
  const [end, ...verbs] = (given[last] ?? '').split(':')
  if (verb === undefined ? verbs.length > 0 : verbs.join(':') !== verb) return undefined
  given[last] = end ?? ''
  const open = segments.at(-1) === '**'
  if (open ? given.length < segments.length - 1 : given.length !== segments.length) return undefined
  const values = given.map(decoded)
  const fits = values.every((value, index) => {
    const wanted = segments[Math.min(index, segments.length - 1)]
    if (value === undefined || value === '') return false
    return wanted === '*' || wanted === '**' || wanted === value
  })
  if (!fits) return undefined
  return Object.fromEntries(
    variables.map(({ field, from, to }) => {
      const part = values.slice(from, to) as readonly string[]
      return [field, part.length === 1 ? decodedSlash(part[0] as string) : part.join('/')]
    }),
  )
}

/** A slash that was encoded belongs to its segment, so it stays as it is until the segment stands alone. */
const decoded = (segment: string): string | undefined => {
  try {
    return segment
      .split(/%2f/i)
      .map((part) => decodeURIComponent(part))
      .join('%2F')
  } catch {
    return undefined
  }
}

const decodedSlash = (value: string): string => value.replaceAll('%2F', '/')
