import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatFault } from '../../declarations/placed-fault.ts'
import { parseWinnowFiles, type WinnowYaml } from '../../declarations/winnow-yaml.ts'
import { parsePolicy } from '../../policies/language/parse-policy.ts'
import { readDeclarations } from '../read-declarations.ts'
import { exitCodes } from '../report-failure.ts'
import { print, printJson } from '../table.ts'

/** `winnow lint [FOLDER]`: what a push of this folder would be told, without a server. Exit 1 where there are faults. */
export const lint = async (
  folder: string,
  options: { readonly json?: boolean; readonly declarations?: readonly string[] },
): Promise<void> => {
  const texts = await readDeclarations(folder, options.declarations)
  const parsed = parseWinnowFiles(texts)
  const faults = parsed.ok ? await faultsOfWhatItNames(folder, parsed.value) : parsed.faults.map(formatFault)
  if (options.json) printJson({ ok: faults.length === 0, faults })
  else if (faults.length > 0) for (const fault of faults) print(fault)
  else if (parsed.ok)
    print(
      `${texts.map(({ file }) => file).join(', ')}: no faults in ${count(parsed.value.pipelines.length, 'pipeline')} and ${count(parsed.value.environments.length, 'environment')}`,
    )
  if (faults.length > 0) process.exitCode = exitCodes.failed
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`

const faultsOfWhatItNames = async (folder: string, declared: WinnowYaml): Promise<readonly string[]> => {
  const faults: string[] = []
  const exists = (path: string): Promise<boolean> =>
    access(join(folder, path)).then(
      () => true,
      () => false,
    )
  for (const { name, file, source, policy, model } of declared.pipelines) {
    const paths = [
      ...('file' in source ? [source.file] : []),
      ...('requirements' in source && source.requirements !== undefined ? [source.requirements] : []),
    ]
    for (const path of paths)
      if (!(await exists(path))) faults.push(`${file}: pipelines.${name}: there is no file ${path}`)
    if (policy === null) continue
    const path = join(folder, policy)
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text === undefined) {
      faults.push(`${file}: pipelines.${name}.policy: there is no file ${policy}`)
      continue
    }
    const judged = parsePolicy(text, path, { model: model ?? undefined })
    if (!judged.ok) faults.push(...judged.faults.map(formatFault))
  }
  return faults
}
