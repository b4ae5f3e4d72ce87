/** A command of a shell script: its words, quotes resolved. */
export type ShellCommand = readonly string[]

/**
 * Splits the plain shell text that compilers emit into commands (at `&&`, `||`, `;`, line ends) and words. Quotes and
 * backslashes are resolved; variables and substitutions stay as they are written. Undefined where a quote is open.
 */
export const parseShell = (text: string): readonly ShellCommand[] | undefined => {
  const commands: string[][] = []
  let words: string[] = []
  let word: string | undefined
  const endWord = (): void => {
    if (word !== undefined) words.push(word)
    word = undefined
  }
  const endCommand = (): void => {
    endWord()
    if (words.length > 0) commands.push(words)
    words = []
  }

  for (let i = 0; i < text.length; i += 1) {
    const letter = text[i] as string
    if (letter === "'") {
      const end = text.indexOf("'", i + 1)
      if (end < 0) return undefined
      word = (word ?? '') + text.slice(i + 1, end)
      i = end
    } else if (letter === '"') {
      word ??= ''
      for (i += 1; text[i] !== '"'; i += 1) {
        if (i >= text.length) return undefined
        if (text[i] === '\\' && /["\\$`]/.test(text[i + 1] ?? '')) i += 1
        word += text[i]
      }
    } else if (letter === '\\') {
      i += 1
      if (text[i] !== '\n') word = (word ?? '') + (text[i] ?? '')
    } else if (letter === '\n' || letter === ';') endCommand()
    else if (text.startsWith('&&', i) || text.startsWith('||', i)) {
      endCommand()
      i += 1
    } else if (/\s/.test(letter)) endWord()
    else word = (word ?? '') + letter
  }
  endCommand()
  return commands
}
