import { describe, expect, it } from 'vitest'
import type { Json } from '../domain/json.ts'
import { evaluateCondition } from './conditions.ts'

const parameters: Record<string, Json> = {
  n: 3,
  x: 2.5,
  text: 'true',
  digits: '12',
  flag: true,
  quote: `it's "ok" \\ fine`,
  list: [1, 'a'],
  struct: { a: { b: 2 } },
}
const blessing = { name: 'b', uri: '/b', type: {}, metadata: { blessed: 1 } }
const inputs = { parameters, artifacts: { '_E.blessing': [blessing] } }
const p = (name: string): string => `inputs.parameter_values['${name}']`

describe('conditions that hold or do not', () => {
  it.each<[string, boolean]>([
    [`${p('text')} == 'true'`, true],
    [`${p('text')} != "true"`, false],
    [`int(${p('n')}) == 3`, true],
    [`int(${p('n')}) == 3.0`, true],
    [`int(${p('n')}) <= 3 && int(${p('n')}) >= 3`, true],
    [`int(${p('n')}) < 3 || int(${p('n')}) > 3`, false],
    [`!(${p('text')} == 'false') && !(int(${p('n')}) > 10)`, true],
    [`!${p('flag')}`, false],
    [`${p('flag')} == true`, true],
    [`int(${p('digits')}) == 12`, true],
    [`double(${p('x')}) > 2.4`, true],
    [`int(${p('x')}) == 2`, true],
    [`${p('n')} == ${p('x')}`, false],
    [`string(${p('n')}) == '3'`, true],
    [`int(${p('n')}) > -1`, true],
    [`1 == 1 || 1 == 2 && 1 == 3`, true],
    [`(1 == 1 || 1 == 2) && 1 == 3`, false],
    [`'a' < 'b'`, true],
    [`'A\\x41\\u0041\\n' == "AAA\\n"`, true],
    [`${p('list')}[1] == 'a'`, true],
    [`${p('struct')}['a'].b == 2`, true],
    [`size(${p('list')}) == 2`, true],
    [`inputs.parameters['digits'].string_value == '12'`, true],
    [`(inputs.artifacts['_E.blessing'].artifacts[0].metadata['blessed'] == 1.0)`, true],
    [`inputs.artifacts['_E.blessing'].artifacts[0].uri == '/b'`, true],
    // kfp leaves quotes and backslashes of a compared text as they are
    [`${p('quote')} == 'it's "ok" \\ fine'`, true],
    [`!(${p('quote')} == 'it's "ok" \\ fine') && int(${p('n')}) == 3`, false],
    [`${p('quote')} != 'it's "ok"'`, true],
  ])('%s is %s', (text, value) => {
    expect(evaluateCondition(text, inputs)).toEqual({ ok: true, value })
  })

  it('reads a declared input without a value as null', () => {
    expect(evaluateCondition(`${p('none')} == null`, inputs, ['none'])).toEqual({ ok: true, value: true })
    expect(evaluateCondition(`${p('none')} == 'x'`, inputs, ['none'])).toEqual({ ok: true, value: false })
  })
})

describe('conditions that cannot be evaluated are reasons, never false', () => {
  it.each<[string, RegExp]>([
    [`${p('txt')} == 'a'`, /there is no "txt" \(did you mean "text"\?\)/],
    [`int(${p('text')}) == 1`, /int\(\) needs a number, not the string "true"/],
    [`int('1.5') == 1`, /whole number/],
    [`${p('text')} == true`, /the string "true" cannot be compared with the boolean true/],
    [`${p('n')} == '3'`, /cannot be compared/],
    [`${p('text')} > 1`, /needs two numbers or two texts/],
    [`${p('text')}`, /a condition needs true or false/],
    [`!${p('n')}`, /"!" needs true or false/],
    [`${p('flag')} && ${p('n')}`, /"&&" needs true or false/],
    [`size(1) == 1`, /size\(\)/],
    [`matches('a') == 1`, /there is no function "matches"/],
    [`${p('list')}[5] == 1`, /no item 5/],
    [`${p('n')} = 3`, /unexpected "="/],
    [`${p('n')} ==`, /expected a value, found the end/],
    [`(${p('n')} == 3`, /expected "\)"/],
    ['', /expected a value/],
    [`'abc`, /has no end/],
    [`${'('.repeat(1000)}1${')'.repeat(1000)}`, /nested too deeply/],
    [`outputs.x == 1`, /there is no "outputs"/],
    [`constructor == 1`, /there is no "constructor"/],
  ])('%s', (text, reason) => {
    const outcome = evaluateCondition(text, inputs)
    expect(outcome).toMatchObject({ ok: false, reason: expect.stringMatching(reason) })
  })
})
