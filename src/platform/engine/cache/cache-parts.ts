import type { Digest } from '../../../domain/digest.ts'

/** What decided a task's outputs, part by part: equal parts are equal outputs. */
export interface CacheParts {
  readonly component: Digest
  /** The lock of its Python, the digest of its image; null where it has neither. */
  readonly environment: Digest | null
  /** Parameters and artifacts by name, artifacts by their content. */
  readonly inputs: Readonly<Record<string, Digest>>
}

const named = (names: readonly string[]): string =>
  names.length === 1 ? `input ${names[0]}` : `inputs ${names.join(', ')}`

/** Why a task has to run whose outputs may come from the cache; `last` is what it ran with before. */
export const missReason = (parts: CacheParts, last: CacheParts | undefined): string => {
  if (last === undefined) return 'it runs for the first time'
  const names = [...new Set([...Object.keys(parts.inputs), ...Object.keys(last.inputs)])].sort()
  const changed = names.filter((name) => parts.inputs[name] !== last.inputs[name])
  const reasons = [
    ...(parts.component === last.component ? [] : ['its component changed']),
    ...(parts.environment === last.environment ? [] : ['its environment changed']),
    ...(changed.length === 0 ? [] : [`${named(changed)} changed`]),
  ]
  return reasons.length === 0 ? 'outputs of the earlier run are gone or were touched' : reasons.join('; ')
}
