/** Why a path may not stand in a declaration, or undefined where it may: relative, inside the repository, of a known kind. */
export const repositoryPathFault = (path: string, endings: readonly string[]): string | undefined => {
  const got = `got ${JSON.stringify(path)}`
  if (path === '') return 'expected a path, got an empty text'
  if (path.includes('\\') || path.includes('\0')) return `expected a path with / between its parts, ${got}`
  if (path.startsWith('/') || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(path))
    return `expected a path relative to the repository's root, ${got}`
  const segments = path.replace(/^(\.\/)+/, '').split('/')
  if (segments.includes('..')) return `expected a path inside the repository, ${got}`
  if (segments.some((segment) => segment === '' || segment === '.')) return `expected a plain path, ${got}`
  if (segments.some((segment) => segment.toLowerCase() === '.git')) return `expected a file of the repository, ${got}`
  if (!endings.some((ending) => path.endsWith(ending)))
    return `expected a file ending in ${endings.join(' or ')}, ${got}`
  return undefined
}
