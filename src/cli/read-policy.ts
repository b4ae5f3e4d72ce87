import { access, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { formatFault } from '../declarations/placed-fault.ts'
import { digestBytes } from '../domain/digest.ts'
import { Fault } from '../domain/errors.ts'
import type { PolicyText } from '../domain/verdict.ts'
import { whyNot } from '../domain/why-not.ts'
import { gateSetsOf, parsePolicy } from '../policies/language/parse-policy.ts'
import type { Policy } from '../policies/language/policy.ts'

export interface PolicyOfFile {
  readonly policy: Policy
  /** Its own text, then the gate sets that it uses. */
  readonly texts: readonly PolicyText[]
}

/**
 * A policy in a file of a repository, with the gate sets that it uses: their paths count from the nearest folder upwards
 * with a winnow.yaml or a .git, else from the policy's own. A policy with faults is a Fault `policy_invalid`.
 */
export const readPolicy = async (file: string): Promise<PolicyOfFile> => {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Fault('policy_invalid', `${file} cannot be read: ${whyNot(cause)}`, { cause })
  })
  const files = await readGateSets(text, await rootOf(dirname(resolve(file))))
  const parsed = parsePolicy(text, file, { files })
  if (!parsed.ok)
    throw new Fault('policy_invalid', `${file} has faults`, {
      details: parsed.faults.map((fault) => formatFault(fault)),
    })
  const texts = [[file, text] as const, ...files].map(([path, content]) => ({
    path,
    digest: digestBytes(content),
    text: content,
  }))
  return { policy: parsed.value, texts }
}

/** The gate sets that a policy uses, by their paths from the repository's root; one that is not there is left out. */
export const readGateSets = async (policy: string, root: string): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>()
  for (const path of gateSetsOf(policy)) {
    const gates = await readFile(join(root, path), 'utf8').catch(() => undefined)
    if (gates !== undefined) files.set(path, gates)
  }
  return files
}

const rootOf = async (folder: string): Promise<string> => {
  for (let at = folder; ; at = dirname(at)) {
    for (const mark of ['winnow.yaml', '.git'])
      if (
        await access(join(at, mark)).then(
          () => true,
          () => false,
        )
      )
        return at
    if (dirname(at) === at) return folder
  }
}
