const quoted = (value: string): string =>
  `'${value.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r')}'`

/**
 * kfp writes the compared text between quotes as it is, quotes and backslashes included. Such a text ends at the first
 * quote after which a condition could go on. Gives the same condition with texts that CEL reads, and for each place in
 * it the place in the given one; undefined where a text has no end.
 */
export const unescapedTexts = (
  text: string,
): { readonly text: string; readonly origin: (at: number) => number } | undefined => {
  let made = ''
  const origins: number[] = []
  const add = (piece: string, from: number, step: number): void => {
    made += piece
    for (let i = 0; i < piece.length; i++) origins.push(from + i * step)
  }
  for (let at = 0; at < text.length; ) {
    const quote = text[at] ?? ''
    if (quote !== "'" && quote !== '"') {
      add(quote, at, 1)
      at++
      continue
    }
    let end = text.indexOf(quote, at + 1)
    while (end !== -1 && !/^\s*(?:$|\)|\]|,|&&|\|\||[=!<>]=|[<>])/.test(text.slice(end + 1, end + 200)))
      end = text.indexOf(quote, end + 1)
    if (end === -1) return undefined
    add(quoted(text.slice(at + 1, end)), at, 0)
    at = end + 1
  }
  return { text: made, origin: (at) => origins[at] ?? text.length }
}
