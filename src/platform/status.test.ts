import { expect, it } from 'vitest'
import { Fault } from '../domain/errors.ts'
import { statusOf } from './status.ts'

it('says the one fault of a spec once, and of several each', () => {
  const message = (first: string, details: readonly string[]): string =>
    statusOf(new Fault('pipeline_invalid', first, { details, remedy: 'Correct it.' })).message
  expect(message('root: odd', ['root: odd'])).toBe('root: odd\nCorrect it.')
  expect(message('root: odd (and 1 more)', ['root: odd', 'root: even'])).toBe(
    'root: odd (and 1 more)\nCorrect it.\nroot: odd\nroot: even',
  )
})
