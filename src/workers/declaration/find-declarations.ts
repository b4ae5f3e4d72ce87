import { matchesAny } from '../../declarations/glob.ts'
import type { DeclarationText } from '../../declarations/winnow-yaml.ts'
import type { RepositoryHost } from '../../domain/ports/host.ts'

/** The one name that the file has, in whatever folder. */
export const declarationFile = 'winnow.yaml'

/** Each change reads all of them. */
const mostDeclarations = 50
const deepestFolder = 10

const depthOf = (path: string): number => path.split('/').length - 1

type FoundDeclarations =
  | { readonly ok: true; readonly texts: readonly DeclarationText[] }
  | { readonly ok: false; readonly reason: string }

/** The winnow.yaml of a commit that the config's patterns take, the root's first. */
export const findDeclarations = async (
  host: RepositoryHost,
  repository: string,
  commit: string,
  patterns: readonly string[],
  signal: AbortSignal,
): Promise<FoundDeclarations> => {
  const at = `at ${commit.slice(0, 12)}`
  const rootOnly = patterns.length === 1 && patterns[0] === declarationFile
  const files = rootOnly
    ? [declarationFile]
    : (await host.filesNamed(repository, commit, declarationFile, signal))
        .filter((path) => matchesAny(patterns, path))
        .sort((a, b) => depthOf(a) - depthOf(b) || (a < b ? -1 : 1))
  if (files.length > mostDeclarations)
    return {
      ok: false,
      reason: `${files.length} files ${at} match ${patterns.join(', ')}: ${mostDeclarations} are read`,
    }
  const deep = files.find((path) => depthOf(path) > deepestFolder)
  if (deep !== undefined) return { ok: false, reason: `${deep} lies deeper than ${deepestFolder} folders` }
  const texts: DeclarationText[] = []
  for (const file of files) {
    const text = await host.readFile(repository, commit, file, signal)
    if (text !== undefined) texts.push({ file, folder: file.slice(0, -declarationFile.length - 1), text })
  }
  if (texts.length > 0) return { ok: true, texts }
  const wanted = rootOnly ? declarationFile : `${declarationFile} that matches ${patterns.join(', ')}`
  return { ok: false, reason: `there is no ${wanted} ${at}` }
}
