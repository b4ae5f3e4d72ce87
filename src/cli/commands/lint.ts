import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place } from '../../declarations/load-yaml.ts'
import { type NamedPolicy, namedPolicies } from '../../declarations/named-policies.ts'
import { formatFault, type PlacedFault } from '../../declarations/placed-fault.ts'
import { type PipelineDeclaration, parseWinnowFiles } from '../../declarations/winnow-yaml.ts'
import { parsePolicy } from '../../policies/language/parse-policy.ts'
import { readDeclarations } from '../read-declarations.ts'
import { readGateSets } from '../read-policy.ts'
import { exitCodes } from '../report-failure.ts'
import { print, printJson } from '../table.ts'

/** `winnow lint [FOLDER]`: what a push of this folder would be told, without a server. Exit 1 where there are faults. */
export const lint = async (
  folder: string,
  options: { readonly json?: boolean; readonly declarations?: readonly string[] },
): Promise<void> => {
  const texts = await readDeclarations(folder, options.declarations)
  const parsed = parseWinnowFiles(texts)
  const declared = parsed.ok ? await missingFiles(folder, parsed.value.pipelines, parsed.place) : parsed.faults
  const policies = new Map(texts.flatMap(namedPolicies).map((named) => [`${named.path} ${named.model}`, named]))
  const judged = await Promise.all([...policies.values()].map((named) => policyFaults(folder, named)))
  const faults = [...declared, ...judged.flat()].map(formatFault)
  if (options.json) printJson({ ok: faults.length === 0, faults })
  else if (faults.length > 0) for (const fault of faults) print(fault)
  else if (parsed.ok)
    print(
      `${texts.map(({ file }) => file).join(', ')}: no faults in ${count(parsed.value.pipelines.length, 'pipeline')} and ${count(parsed.value.environments.length, 'environment')}`,
    )
  if (faults.length > 0) process.exitCode = exitCodes.failed
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`

/** A file that is not there is a fault where it is named. */
const missingFiles = async (
  folder: string,
  pipelines: readonly PipelineDeclaration[],
  place: Place,
): Promise<readonly PlacedFault[]> => {
  const named = pipelines.flatMap(({ name, source, policy }) => [
    ...('file' in source ? [{ name, key: source.kind, path: source.file }] : []),
    ...('requirements' in source && source.requirements !== undefined
      ? [{ name, key: 'requirements', path: source.requirements }]
      : []),
    ...(policy === null ? [] : [{ name, key: 'policy', path: policy }]),
  ])
  const faults = await Promise.all(
    named.map(async ({ name, key, path }) => {
      const isThere = await access(join(folder, path)).then(
        () => true,
        () => false,
      )
      return isThere ? [] : [place(['pipelines', name, key], `there is no file ${path}`)]
    }),
  )
  return faults.flat()
}

/** None of a policy that is not there: that is said where it is named. */
const policyFaults = async (folder: string, { path, model }: NamedPolicy): Promise<readonly PlacedFault[]> => {
  const text = await readFile(join(folder, path), 'utf8').catch(() => undefined)
  if (text === undefined) return []
  const parsed = parsePolicy(text, path, { model, files: await readGateSets(text, folder) })
  return parsed.ok ? [] : parsed.faults.map((fault) => ({ ...fault, file: join(folder, fault.file) }))
}
