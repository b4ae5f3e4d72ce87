import { describe, expect, it } from 'vitest'
import type { Json } from '../domain/json.ts'
import { selectValue } from './selectors.ts'

describe('selectValue', () => {
  const nested = '{"a": {"b": [1, {"c": "x"}]}, "text": "{\\"deep\\": 2}"}'
  it.each<[string, Json, Json]>([
    ['string_value', 'x', 'x'],
    ['parseJson(string_value)["a"]', nested, { b: [1, { c: 'x' }] }],
    ['parseJson(string_value)["a"]["b"][1]["c"]', nested, 'x'],
    ["parseJson(string_value)['a']['b'][0]", nested, 1],
    ['parseJson(string_value)["text"]["deep"]', nested, 2],
    ['parseJson(parseJson(string_value)["text"])["deep"]', nested, 2],
    ['parseJson(string_value)["a"]', { a: null }, null],
    ['parseJson(string_value)[-1]', [1, 2], 2],
    ['parseJson(string_value)["a\\"b"]', { 'a"b': 1 }, 1],
  ])('%s', (selector, value, expected) => {
    expect(selectValue(selector, value)).toEqual({ ok: true, value: expected })
  })

  it.each<[string, Json, RegExp]>([
    ['parseJson(string_value)["b"]', { a: 1 }, /there is no "b" in \{a\}/],
    ['parseJson(string_value)["constructor"]', {}, /there is no "constructor"/],
    ['parseJson(string_value)[3]', [1], /there is no 3 in a list/],
    ['parseJson(string_value)["a"]', 'not json', /is not JSON/],
    ['parseJson(string_value["a"]', '{"a": {}}', /a "\)" is missing/],
    ['parseJson(string_value).a', '{"a": 1}', /".a" is not understood/],
    ['jsonpath(x)', 'x', /is not a selector/],
  ])('%s fails over what is wrong', (selector, value, reason) => {
    expect(selectValue(selector, value)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
  })
})
