import { expect, it } from 'vitest'
import { Fault } from '../domain/errors.ts'
import { reportFailure } from './report-failure.ts'

const told = (error: unknown): string => {
  const lines: string[] = []
  reportFailure(error, (text) => lines.push(text))
  return lines.join('')
}

it('says the one fault of a file once, and of several each', () => {
  const fault = (message: string, details: readonly string[]): Fault =>
    new Fault('compile_failed', message, { details, remedy: 'Correct it.' })
  expect(told(fault('p.yaml:1:1: odd', ['p.yaml:1:1: odd']))).toBe(
    'winnow: p.yaml:1:1: odd [compile_failed]\n  → Correct it.\n',
  )
  expect(told(fault('p.yaml:1:1: odd (and 1 more)', ['p.yaml:1:1: odd', 'p.yaml:2:1: even']))).toBe(
    'winnow: p.yaml:1:1: odd (and 1 more) [compile_failed]\n  p.yaml:1:1: odd\n  p.yaml:2:1: even\n  → Correct it.\n',
  )
})
