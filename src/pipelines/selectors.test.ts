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
    ['parseJson(parseJson(string_value)["text"])["deep"]', nested, 2],
    ['parseJson(string_value)["a"]', { a: null }, null],
    ['parseJson(parseJson(string_value)["a"])["b"][0]', nested, 1],
    ['struct_value["a"]', { a: 1.5 }, 1.5],
    ['list_value[1]', [1, 2], 2],
    ['number_value', 3, 3],
    ['string_value', [1, 'a'], '[1,"a"]'],
    ['size(list_value) > 1 ? list_value[0] : 0', [7, 8], 7],
    ['parseJson(string_value)["a\\"b"]', { 'a"b': 1 }, 1],
  ])('%s', (selector, value, expected) => {
    expect(selectValue(selector, value)).toEqual({ ok: true, value: expected })
  })

  it.each<[string, Json, RegExp]>([
    ['parseJson(string_value)["b"]', { a: 1 }, /No such key: b, at character 1: parseJson\(string_value\)\["b"\]/],
    ['parseJson(string_value)["constructor"]', {}, /No such key: constructor/],
    ['parseJson(string_value)[3]', [1], /index out of bounds/],
    ['parseJson(string_value)["a"]', 'not json', /parseJson\(\) needs JSON/],
    ['parseJson(string_value["a"]', '{"a": {}}', /Expected RPAREN/],
    ['struct_value["a"]', [1], /struct_value/],
    ['jsonpath(x)', 'x', /jsonpath/],
    ["b'abc'", 'x', /does not give a value/],
  ])('%s fails over what is wrong', (selector, value, reason) => {
    expect(selectValue(selector, value)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
  })
})
