import { expect, it } from 'vitest'
import { Fault } from './domain/errors.ts'
import { createLog } from './log.ts'

const written = (fields: object): string => {
  let text = ''
  createLog('info', {
    write: (line: string) => {
      text += line
    },
  }).info(fields, 'message')
  return text
}

it.each([
  [{ token: 'hush' }],
  [{ headers: { authorization: 'Bearer hush' } }],
  [{ request: { headers: { 'x-hub-signature-256': 'hush' } } }],
  [{ url: 'postgres://user:hush@127.0.0.1/winnow' }],
  [{ error: new Error('cannot reach redis://:hush@127.0.0.1:6379') }],
])('keeps a secret out of the line: %j', (fields) => {
  expect(written(fields)).not.toContain('hush')
})

it('tells the details of a fault, without the secrets in them', () => {
  const error = new Fault('declaration_invalid', 'winnow.yaml has 1 fault', {
    details: ['winnow.yaml:3:5: no target eu', 'redis://:hush@127.0.0.1'],
  })
  expect(written({ error })).toContain('winnow.yaml:3:5: no target eu')
  expect(written({ error })).not.toContain('hush')
})

it('keeps what is no secret', () => {
  expect(JSON.parse(written({ change: 3 }))).toMatchObject({ level: 'info', change: 3, msg: 'message' })
})
