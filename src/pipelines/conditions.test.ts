import { describe, expect, it } from 'vitest'
import type { Json } from '../domain/json.ts'
import { checkCondition, evaluateCondition } from './conditions.ts'

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

describe('what CEL has beside what kfp writes', () => {
  const typeOf = (name: string) => (name === 'whole' ? 'NUMBER_DOUBLE' : undefined)
  it.each<[string, boolean]>([
    [`${p('n')} + 1 == 4`, true],
    [`${p('n')} / 2 == 1`, true],
    [`${p('whole')} / 2.0 == 1.5`, true],
    [`${p('n')} == ${p('whole')} && int(${p('n')}) == double(${p('whole')})`, true],
    [`${p('n')} in ${p('list')} || 'a' in ${p('list')}`, true],
    [`${p('n')} > 2 ? ${p('flag')} : false`, true],
    [`${p('quote')}.startsWith("it's") && ${p('quote')}.contains('ok') && !${p('quote')}.endsWith('?')`, true],
    [`has(inputs.parameter_values.struct.a) && !('z' in ${p('struct')})`, true],
    [`{'k': [1, 'x']}['k'][1] == 'x'`, true],
    [`[1, 2, 3].all(i, i < 4) && ${p('list')}.exists(i, i == 'a')`, true],
    [`parseJson('{"a": [1]}')['a'][0] == 1`, true],
    // An error on one side of || or && does not count where the other side decides.
    [`int('x') == 1 || true`, true],
    [`false && int('x') == 1`, false],
    // Values of different kinds are not the same; that is no mistake.
    [`${p('n')} == '3'`, false],
    [`${p('text')} == true`, false],
  ])('%s is %s', (text, value) => {
    const given = { ...inputs, parameters: { ...parameters, whole: 3 } }
    expect(evaluateCondition(text, given, [], typeOf)).toEqual({ ok: true, value })
  })
})

describe('conditions that cannot be evaluated are reasons, never false', () => {
  it.each<[string, RegExp]>([
    [`${p('txt')} == 'a'`, /the task has no input "txt" \(did you mean "text"\?\)/],
    [`int(${p('text')}) == 1`, /cannot convert to int, at character 1: int\(inputs\.parameter_values\['text'\]\)$/],
    [`int('1.5') == 1`, /cannot convert to int/],
    [
      `${p('text')} > 1`,
      /no such overload: string > int \(int\(\), double\(\) and string\(\) convert\), at character 1/,
    ],
    [`${p('text')}`, /it gives the string "true", not true or false/],
    [`${p('n')}`, /it gives the number 3, not/],
    [`!${p('n')}`, /at character/],
    [`${p('flag')} && ${p('n')}`, /at character/],
    [`size(1) == 1`, /size/],
    [`${p('text')}.matches('a+$')`, /matches\(\) is not run here/],
    [`cel.bind(a, [1], a + a) == [1]`, /cel\.bind\(\) is not run here/],
    [`[1].all(a, [1].all(b, a == b))`, /a loop in a loop is not run here/],
    [`${p('list')}[5] == 1`, /index out of bounds/],
    [`${p('n')} = 3`, /at character 31: =|Unexpected/],
    [`${p('n')} ==`, /Unexpected/],
    [`(${p('n')} == 3`, /Expected RPAREN/],
    ['', /Unexpected/],
    [`'abc`, /Unterminated/],
    [`${'('.repeat(1000)}1${')'.repeat(1000)}`, /maxDepth|nest|limit/i],
    [`${'1 == 1 && '.repeat(5000)}true`, /longer than 20000 characters/],
    [`outputs.x == 1`, /outputs/],
    [`constructor == 1`, /constructor/],
    [`1 / 0 == 1`, /zero/],
  ])('%s', (text, reason) => {
    const outcome = evaluateCondition(text, inputs)
    expect(outcome).toMatchObject({ ok: false, reason: expect.stringMatching(reason) })
    expect(outcome).not.toMatchObject({ reason: expect.stringContaining('\n') })
  })

  it('names the place in the text as it was given, also where kfp left quotes unescaped', () => {
    const text = `${p('quote')} == 'it's' && int(${p('text')}) == 1`
    expect(evaluateCondition(text, { ...inputs, parameters: { ...parameters, quote: "it's" } })).toEqual({
      ok: false,
      reason: expect.stringContaining(`at character ${text.indexOf('int(') + 1}: int(${p('text')})`),
    })
  })

  it.each<[string, RegExp | undefined]>([
    [`${p('n')} == 3`, undefined],
    [`${p('m')} == 3`, /the task has no input "m"/],
    [`inputs.artifacts['o'].artifacts[0].uri == 'x'`, /the task has no input "o"/],
    [`has(inputs.parameter_values.m)`, undefined],
    [`int( == 1`, /cannot be evaluated/],
  ])('is known before anything runs: %s', (text, reason) => {
    const found = checkCondition(text, new Set(['n']))
    if (reason === undefined) expect(found).toBeUndefined()
    else expect(found).toMatch(reason)
  })
})
