import { nearestName } from '../domain/nearest-name.ts'

/** ` (did you mean "x"?)`, ` (known: a, b)` or nothing: to be put after a message about an unknown name. */
export const suggestName = (name: string, known: Iterable<string>): string => {
  const names = [...known]
  const near = nearestName(name, names)
  if (near !== undefined) return ` (did you mean "${near}"?)`
  return names.length > 0 && names.length <= 12 ? ` (known: ${names.join(', ')})` : ''
}
