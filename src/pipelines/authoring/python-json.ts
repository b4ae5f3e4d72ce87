/** JSON as Python's json.dumps spaces it, so that what is compiled here and there has the same text. */
export const pythonJson = (value: unknown, sorted = false): string => {
  const write = (part: unknown): string => {
    if (Array.isArray(part)) return `[${part.map(write).join(', ')}]`
    if (typeof part !== 'object' || part === null) return JSON.stringify(part)
    const members = Object.entries(part).filter(([, member]) => member !== undefined)
    if (sorted) members.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}: ${write(member)}`).join(', ')}}`
  }
  return write(value)
}
