import { expect, it } from 'vitest'
import { type Change, isToldAlready } from './change.ts'

const push = (sender: string, before: string, commit: string, ref = 'refs/heads/main') =>
  ({ sender, cause: { kind: 'push', ref, before, commit, deleted: false } }) as Change

it.each([
  ['nothing was told before', undefined, push('github', 'a', 'b'), false],
  ['the poll was first', push('poll', 'a', 'b'), push('github', 'a', 'b'), true],
  ['the host was first', push('github', 'a', 'b'), push('poll', 'a', 'b'), true],
  ['the poll saw the last of two', push('poll', 'a', 'c'), push('github', 'a', 'b'), true],
  ['it is that last one', push('poll', 'a', 'c'), push('github', 'b', 'c'), true],
  ['it came after what the poll saw', push('poll', 'a', 'b'), push('github', 'b', 'c'), false],
  ['another ref stands there, too', push('poll', 'a', 'b'), push('github', 'a', 'b', 'refs/heads/x'), false],
  ['new branches have nothing before them', push('poll', '000', 'b'), push('github', '000', 'c'), false],
  ['two hosts tell the same', push('github', 'a', 'b'), push('github', 'a', 'b'), false],
])('a push is told already, or not: %s', (_what, latest, next, told) => {
  expect(isToldAlready(latest, next)).toBe(told)
})
