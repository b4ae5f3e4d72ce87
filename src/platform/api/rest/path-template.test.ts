import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchTemplate, parseTemplate } from './path-template.ts'

const match = (template: string, path: string) => matchTemplate(parseTemplate(template), path)

describe('a path template', () => {
  it.each([
    ['/v1/{name=projects/*/models/*}', '/v1/projects/p/models/7', { name: 'projects/p/models/7' }],
    ['/v1/{name=projects/*/models/*}', '/v1/projects/p/models/7@live', { name: 'projects/p/models/7@live' }],
    ['/v1/{model.name=models/*}', '/v1/models/7', { 'model.name': 'models/7' }],
    ['/v1/{parent=models/*}/evaluations:import', '/v1/models/7/evaluations:import', { parent: 'models/7' }],
    ['/v1/{name=operations/**}:cancel', '/v1/operations/a/b:cancel', { name: 'operations/a/b' }],
    ['/v1/{name=operations/**}', '/v1/operations', { name: 'operations' }],
    ['/v1/{id}', '/v1/a%20b%2Fc', { id: 'a b/c' }],
    ['/v1/{name=shelves/*}', '/v1/shelves/a%2Fb', { name: 'shelves/a%2Fb' }],
    ['/v1/*/things/{id}', '/v1/any/things/5', { id: '5' }],
    ['/v1/datasets', '/v1/datasets', {}],
  ])('%s takes %s', (template, path, bindings) => expect(match(template, path)).toEqual(bindings))

  it.each([
    ['/v1/{name=projects/*/models/*}', '/v1/projects/p/models'],
    ['/v1/{name=projects/*/models/*}', '/v1/projects/p/models/'],
    ['/v1/{name=projects/*/models/*}', '/v1/projects/p/models/7/x'],
    ['/v1/{name=projects/*/models/*}', '/v1/projects/p/models/7:export'],
    ['/v1/{name=models/*}:export', '/v1/models/7'],
    ['/v1/{name=models/*}:export', '/v1/models/7:delete'],
    ['/v1/{name=models/*}', '/v1/models/%ff'],
    ['/v1/models', 'v1/models'],
  ])('%s does not take %s', (template, path) => expect(match(template, path)).toBeUndefined())

  it.each(['v1/x', '/v1/{name', '/v1/{name=**/x}', '/v1/a:', ''])('%j is none', (text) =>
    expect(() => parseTemplate(text)).toThrow(SyntaxError),
  )

  const word = fc.stringMatching(/^[a-z]{1,6}$/)
  const value = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter((text) => !text.includes('/'))
  const part = fc.oneof(
    fc.record({ literal: word }),
    fc.record({ variable: word, segments: fc.array(fc.oneof(word, fc.constant('*')), { minLength: 1, maxLength: 4 }) }),
  )

  it('gives back the values of a path that was made from it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(part, { minLength: 1, maxLength: 4, selector: (one) => JSON.stringify(Object.values(one)[0]) }),
        fc.array(value, { minLength: 16, maxLength: 16 }),
        fc.option(word, { nil: undefined }),
        (parts, values, verb) => {
          const left = [...values]
          const bindings: Record<string, string> = {}
          let [template, path] = ['', '']
          for (const one of parts)
            if ('literal' in one) {
              template += `/${one.literal}`
              path += `/${one.literal}`
            } else {
              const filled = one.segments.map((segment) => (segment === '*' ? (left.pop() as string) : segment))
              template += `/{${one.variable}=${one.segments.join('/')}}`
              path += `/${filled.map(encodeURIComponent).join('/')}`
              bindings[one.variable] = filled.join('/')
            }
          const ending = verb === undefined ? '' : `:${verb}`
          expect(match(template + ending, path + ending)).toEqual(bindings)
          expect(match(template + ending, `${path + ending}/more`)).toBeUndefined()
          if (ending !== '') expect(match(template, path + ending)).toBeUndefined()
        },
      ),
    )
  })
})
