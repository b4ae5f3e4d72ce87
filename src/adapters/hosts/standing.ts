import { isFault } from '../../domain/errors.ts'
import type { Standing } from '../../domain/ports/host.ts'
import type { Duration } from '../../domain/time.ts'
import type { Mirror } from './mirror.ts'

/** How `commit` stands to `before`, by what a mirror of history holds of both. */
export const standingIn = async (
  history: Mirror,
  before: string,
  commit: string,
  timeout: Duration,
  signal: AbortSignal,
): Promise<Standing> => {
  if (before === commit) return { way: 'same' }
  if (/^0*$/.test(before) || before.length !== commit.length) return { way: 'unknown' }
  try {
    await history.ensure(commit, signal)
    await history.ensure(before, signal)
  } catch (fault) {
    // A commit that a force push took away, or a history that is too large: what is asked is no reason to stop.
    if (isFault(fault, 'checkout_failed') || isFault(fault, 'checkout_refused')) return { way: 'unknown' }
    throw fault
  }
  const env = { GIT_NO_LAZY_FETCH: '1' }
  const { exitCode, stdout } = await history.git({ args: ['merge-base', before, commit], timeout, env }, signal)
  const base = stdout.trim()
  // Past the depth of what was fetched there might be one.
  if (exitCode !== 0 || base === '') return { way: 'unknown' }
  if (base === before) return { way: 'forward' }
  return base === commit ? { way: 'back' } : { way: 'aside', base }
}
