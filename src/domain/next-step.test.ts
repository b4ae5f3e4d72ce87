import { describe, expect, it } from 'vitest'
import { kindsWithSteps, nextStep, openStates } from './next-step.ts'
import { type RowKind, steps } from './ports/store.ts'
import { releaseEnded } from './release.ts'
import { runEnded } from './run.ts'

describe('the step that a state asks for', () => {
  it.each([
    ['change', 'recorded', 'match'],
    ['change', 'ignored', undefined],
    ['batch', 'open', 'gather'],
    ['build', 'wanted', undefined],
    ['run', 'wanted', 'build'],
    ['run', 'built', 'launch'],
    ['run', 'launching', 'launch'],
    ['run', 'running', 'watch'],
    ['verdict', 'pending', 'judge'],
    ['verdict', 'pass', undefined],
    ['release', 'rollingBack', 'release'],
    ['run', 'nonsense', undefined],
  ] as const)('%s %s: %s', (kind, state, step) => {
    expect(nextStep(kind, state)).toBe(step)
  })

  it('acts on rows of its kind', () => {
    const kinds: readonly RowKind[] = ['change', 'batch', 'build', 'run', 'verdict', 'release']
    for (const kind of kinds)
      for (const state of openStates(kind)) expect(steps[nextStep(kind, state) ?? 'match']).toBe(kind)
    expect(kindsWithSteps).toEqual(['change', 'batch', 'run', 'verdict', 'release', 'pause'])
  })

  it('is asked for by no state that is an end', () => {
    for (const state of runEnded) expect(nextStep('run', state)).toBeUndefined()
    for (const state of releaseEnded) expect(nextStep('release', state)).toBeUndefined()
  })
})
