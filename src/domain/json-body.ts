/** Hosts' bodies nest some ten deep; what nests far deeper was made to hurt whoever walks through it. */
const deepest = 64

export type JsonBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: 'noJson' | 'tooDeep' }

/** The body as JSON, unless it nests deeper than any host's. The depth is counted in the bytes, before anything is built. */
export const parseJsonBody = (bytes: Uint8Array): JsonBody => {
  if (nestsDeeperThan(bytes, deepest)) return { ok: false, reason: 'tooDeep' }
  try {
    return { ok: true, value: JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)) }
  } catch {
    return { ok: false, reason: 'noJson' }
  }
}

const quote = 0x22
const backslash = 0x5c
const opens: readonly number[] = [0x5b, 0x7b]
const closes: readonly number[] = [0x5d, 0x7d]

const nestsDeeperThan = (bytes: Uint8Array, limit: number): boolean => {
  let depth = 0
  let inText = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    if (inText) {
      if (byte === backslash) i++
      else if (byte === quote) inText = false
    } else if (byte === quote) inText = true
    else if (opens.includes(byte)) {
      depth++
      if (depth > limit) return true
    } else if (closes.includes(byte)) depth--
  }
  return false
}
