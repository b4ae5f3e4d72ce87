/** Hosts' bodies nest some ten deep; what nests far deeper was made to hurt whoever walks through it. */
const deepest = 64

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export type JsonBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: 'noJson' | 'tooDeep' }

/** The body as JSON, unless it nests deeper than any host's. The depth is counted in the bytes, before anything is built. */
export const parseJsonBody = (bytes: Uint8Array): JsonBody => {
  if (nestsDeeperThan(bytes, deepest)) return { ok: false, reason: 'tooDeep' }
  try {
    return { ok: true, value: JSON.parse(decoder.decode(bytes)) }
  } catch {
    return { ok: false, reason: 'noJson' }
  }
}

const quote = 0x22
const backslash = 0x5c

const nestsDeeperThan = (bytes: Uint8Array, limit: number): boolean => {
  let depth = 0
  let inText = false
  // Every webhook is walked through, so a byte costs a comparison or two.
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    if (inText) {
      if (byte === backslash) i++
      else if (byte === quote) inText = false
    } else if (byte === quote) inText = true
    // With this bit set, `[` is `{` and `]` is `}`.
    else if ((byte | 0x20) === 0x7b) {
      depth++
      if (depth > limit) return true
    } else if ((byte | 0x20) === 0x7d) depth--
  }
  return false
}
