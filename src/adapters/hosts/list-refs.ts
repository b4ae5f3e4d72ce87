import type { RefHead } from '../../domain/ports/host.ts'

/** What `git ls-remote` prints: a line for each ref, and one more, with `^{}`, for what an annotated tag is about. */
export const parseRefs = (stdout: string): readonly RefHead[] => {
  const objects = new Map<string, string>()
  for (const line of stdout.split('\n')) {
    const [, hash, ref] = /^([0-9a-f]{40}|[0-9a-f]{64})\t(refs\/.+)$/.exec(line) ?? []
    if (hash !== undefined && ref !== undefined) objects.set(ref, hash)
  }
  return [...objects].flatMap(([ref, object]) =>
    ref.endsWith('^{}') ? [] : [{ ref, object, commit: objects.get(`${ref}^{}`) ?? object }],
  )
}
