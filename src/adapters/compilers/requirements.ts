export type Requirements =
  | { readonly ok: true; readonly lines: readonly string[] }
  | { readonly ok: false; readonly faults: readonly string[] }

const name = `[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`
const extras = String.raw`(?:\s*\[\s*${name}(?:\s*,\s*${name})*\s*\])?`
const version = String.raw`(?:===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+`
const versions = String.raw`(?:\s*(?:\(\s*)?${version}(?:\s*,\s*${version})*(?:\s*\))?)?`
const marker = String.raw`(?:\s*;[\sA-Za-z0-9._'"<>=!~(),+-]+)?`
const hashes = String.raw`(?:\s+--hash=[a-z0-9]+:[0-9a-f]+)*`
const plain = new RegExp(`^${name}${extras}${versions}${marker}${hashes}$`)

/** A pinned package with a dozen hashes takes about 1,500. */
const maxLineLength = 10_000

const refusal = (line: string): string => {
  if (/^-{1,2}(?:r|c|requirement|constraint)\b/.test(line))
    return 'other files are not followed: list the packages here'
  if (/^-{1,2}e(?:ditable)?\b/.test(line)) return 'editable packages are not installed: publish the package and name it'
  if (line.startsWith('-')) return 'options are not taken: where packages come from is decided by whoever runs Winnow'
  if (/:\/\/|\s@\s|^[^;]*@/.test(line)) return 'addresses are not installed from: name a package of the index'
  if (/^[./~\\]|[/\\]/.test(line)) return 'paths are not installed from: name a package of the index'
  if (line.includes('$')) return 'variables are not filled in'
  return 'this is no requirement like kfp==2.17.0'
}

/**
 * The lines of a requirements file that Winnow hands to the installer: names with versions, extras, markers and hashes.
 * Everything that would take packages from elsewhere is refused, `file:line:column: why` for each.
 */
export const parseRequirements = (text: string, file: string): Requirements => {
  const lines: string[] = []
  const faults: string[] = []
  for (const { line, number } of logicalLines(text)) {
    if (line.length <= maxLineLength && plain.test(line)) lines.push(line)
    else faults.push(`${file}:${number}:1: ${line.slice(0, 200)}: ${refusal(line)}`)
  }
  return faults.length === 0 ? { ok: true, lines } : { ok: false, faults }
}

/** As pip reads them: a backslash at the end joins lines, `#` after a blank begins a comment. */
const logicalLines = (text: string): readonly { readonly line: string; readonly number: number }[] => {
  const joined: { line: string; number: number }[] = []
  let open: { line: string; number: number } | undefined
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const continues = raw.endsWith('\\') && !/(?:^|\s)#/.test(raw)
    const part = continues ? raw.slice(0, -1) : raw
    open = open === undefined ? { line: part, number: index + 1 } : { ...open, line: `${open.line} ${part}` }
    if (continues) continue
    joined.push(open)
    open = undefined
  }
  if (open !== undefined) joined.push(open)
  return joined
    .map(({ line, number }) => ({ line: line.replace(/(?:^|\s)#.*$/, '').trim(), number }))
    .filter(({ line }) => line !== '')
}
