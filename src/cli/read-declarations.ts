import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { globFault, matchesAny } from '../declarations/glob.ts'
import type { DeclarationText } from '../declarations/winnow-yaml.ts'
import { Fault } from '../domain/errors.ts'
import { whyNot } from '../domain/why-not.ts'

const name = 'winnow.yaml'

/**
 * The winnow.yaml of a repository's folder that the patterns take, as the config's `declarations` does; without patterns
 * the one at the root. Fault `usage` where there is none, or a pattern is none.
 */
export const readDeclarations = async (
  folder: string,
  patterns: readonly string[] = [name],
): Promise<readonly DeclarationText[]> => {
  for (const pattern of patterns) {
    const fault = globFault(pattern)
    if (fault !== undefined) throw new Fault('usage', `${pattern} is no pattern: ${fault}`)
  }
  const paths: string[] = []
  if (patterns.length === 1 && patterns[0] === name) paths.push(name)
  else
    for await (const path of glob(`**/${name}`, { cwd: folder, exclude: ['**/node_modules/**', '**/.git/**'] }))
      if (matchesAny(patterns, path)) paths.push(path)
  if (paths.length === 0)
    throw new Fault('usage', `No ${name} in ${folder} matches ${patterns.join(', ')}`, {
      remedy: 'Patterns are paths from the root of the repository, such as ml/*/winnow.yaml.',
    })
  const depthOf = (path: string): number => path.split('/').length
  paths.sort((a, b) => depthOf(a) - depthOf(b) || (a < b ? -1 : 1))
  return Promise.all(
    paths.map(async (path) => {
      const file = join(folder, path)
      const text = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw new Fault('declaration_invalid', `${file} cannot be read: ${whyNot(cause)}`, {
          remedy: 'Name the folder of the repository; examples/beans has one to start from.',
          cause,
        })
      })
      return { file, folder: path.slice(0, -name.length - 1), text }
    }),
  )
}
