import type { Json } from '../domain/json.ts'
import { isJsonObject } from '../domain/json.ts'
import { describeValue } from './values.ts'

export type Selection = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: string }

const keyPattern = /^\s*\[\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(-?\d+))\s*\]/

const readJson = (value: Json): Selection => {
  if (typeof value !== 'string') return { ok: true, value }
  try {
    return { ok: true, value: JSON.parse(value) as Json }
  } catch {
    return { ok: false, reason: `${describeValue(value)} is not JSON` }
  }
}

const pick = (value: Json, key: string | number): Selection => {
  const found = Array.isArray(value)
    ? (value as readonly Json[]).at(Number(key))
    : isJsonObject(value) && Object.hasOwn(value, key)
      ? value[key]
      : undefined
  if (found !== undefined) return { ok: true, value: found }
  return {
    ok: false,
    reason: `there is no ${JSON.stringify(key)} in ${isJsonObject(value) ? `{${Object.keys(value).join(', ')}}` : describeValue(value)}`,
  }
}

interface Read {
  readonly selection: Selection
  readonly rest: string
}

// expression = "string_value" | "parseJson(" expression ")", each followed by any number of ["key"] or [0]
const readExpression = (text: string, input: Json): Read => {
  const head = /^\s*(string_value|struct_value|list_value|parseJson\s*\()/.exec(text)
  if (head === null) return { selection: { ok: false, reason: `"${text.trim()}" is not a selector` }, rest: '' }
  let rest = text.slice(head[0].length)
  let selection: Selection = { ok: true, value: input }
  if (head[1]?.startsWith('parseJson') === true) {
    const inner = readExpression(rest, input)
    if (!inner.selection.ok) return inner
    if (!/^\s*\)/.test(inner.rest))
      return { selection: { ok: false, reason: `a ")" is missing in "${text}"` }, rest: '' }
    rest = inner.rest.replace(/^\s*\)/, '')
    selection = readJson(inner.selection.value)
  }
  for (let match = keyPattern.exec(rest); match !== null && selection.ok; match = keyPattern.exec(rest)) {
    rest = rest.slice(match[0].length)
    const key = match[3] === undefined ? (match[1] ?? match[2] ?? '').replace(/\\(.)/g, '$1') : Number(match[3])
    const whole = readJson(selection.value)
    selection = whole.ok ? pick(whole.value, key) : whole
  }
  return { selection, rest }
}

/** A parameter's part that a selector such as `parseJson(string_value)["a"]["b"]` names, at any depth. */
export const selectValue = (selector: string, value: Json): Selection => {
  const { selection, rest } = readExpression(selector, value)
  if (selection.ok && rest.trim() !== '')
    return { ok: false, reason: `"${rest.trim()}" is not understood in the selector "${selector}"` }
  return selection
}
