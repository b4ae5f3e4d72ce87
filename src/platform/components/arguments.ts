import { Fault, messageOf } from '../../domain/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'

/** The command line of a prebuilt component: the Python module (or the image's script) it starts, and its `--name value` pairs. */
interface CommandLine {
  readonly module: string
  readonly options: Readonly<Record<string, string>>
}

/** What the image of the evaluation components starts. */
export const evaluationScript = '/main.py'

/** Reads command and arguments as the launchers do: whatever follows the module is pairs, and the last of a name wins. */
export const readCommandLine = (args: readonly string[]): CommandLine | undefined => {
  const found = args.findIndex((word, index) => word === evaluationScript || args[index - 1] === '-m')
  const module = args[found]
  if (module === undefined) return undefined
  const options: Record<string, string> = {}
  for (let index = found + 1; index + 1 < args.length; index += 2) {
    const name = (args[index] as string).trim()
    if (!name.startsWith('--')) return undefined
    options[name.slice(2)] = (args[index + 1] as string).trim()
  }
  return { module, options }
}

/** Options of one component, read by type. Every fault names the component and the option. */
export interface Options {
  text(name: string): string | undefined
  requiredText(name: string): string
  number(name: string): number | undefined
  flag(name: string): boolean | undefined
  object(name: string): JsonObject | undefined
  list(name: string): readonly Json[] | undefined
  texts(name: string): readonly string[] | undefined
}

export const badArgument = (component: string, name: string, why: string, remedy: string): Fault =>
  new Fault('component_unsupported', `${component}: the argument ${name} ${why}`, { remedy })

/**
 * `known` are the options that the component carries out, `refused` those that this machine cannot, with the reason.
 * Anything else in `given`, and any refused one that has a value, is a Fault `component_unsupported` with its name.
 */
export const readOptions = (
  component: string,
  given: Readonly<Record<string, string>>,
  known: readonly string[],
  refused: Readonly<Record<string, string>> = {},
): Options => {
  for (const [name, value] of Object.entries(given)) {
    const reason = refused[name]
    if (reason !== undefined && value !== '') throw badArgument(component, shortName(name), reason, 'Leave it out.')
    if (reason === undefined && !known.includes(name))
      throw badArgument(component, shortName(name), 'is not known here', 'Leave it out, or run this step on Vertex AI.')
  }
  const text = (name: string): string | undefined => {
    const value = given[name]
    return value === undefined || value === '' ? undefined : value
  }
  const wrong = (name: string, wanted: string): Fault =>
    badArgument(component, shortName(name), `is ${JSON.stringify(given[name])}, not ${wanted}`, 'Correct its value.')
  const list = (name: string): readonly Json[] | undefined => {
    const value = text(name)
    if (value === undefined) return undefined
    const parsed = parseLoosely(value)
    if (!Array.isArray(parsed)) throw wrong(name, 'a list')
    return parsed
  }
  return {
    text,
    requiredText: (name) => {
      const value = text(name)
      if (value !== undefined) return value
      throw badArgument(component, shortName(name), 'is missing or empty', 'Give it a value.')
    },
    number: (name) => {
      const value = text(name)
      if (value === undefined) return undefined
      const number = Number(value)
      if (Number.isFinite(number)) return number
      throw wrong(name, 'a number')
    },
    flag: (name) => {
      const value = text(name)?.toLowerCase()
      if (value === undefined) return undefined
      if (['true', '1', 'yes'].includes(value)) return true
      if (['false', '0', 'no'].includes(value)) return false
      throw wrong(name, 'true or false')
    },
    object: (name) => {
      const value = text(name)
      if (value === undefined) return undefined
      const parsed = parseLoosely(value)
      if (!isJsonObject(parsed)) throw wrong(name, 'an object')
      return parsed
    },
    list,
    texts: (name) => {
      const values = list(name)
      if (values === undefined) return undefined
      if (!values.every((value) => typeof value === 'string')) throw wrong(name, 'a list of texts')
      return values as readonly string[]
    },
  }
}

/** The payload of a launcher: JSON put together from pieces, so that texts in it may hold line breaks as they are. */
export const readPayload = (component: string, text: string): JsonObject => {
  const problem = (why: string): Fault =>
    new Fault('component_unsupported', `${component}: its arguments do not make up a request: ${why}`, {
      remedy: 'Quotes and backslashes in texts break it: Vertex AI refuses them, too.',
    })
  let payload: Json | undefined
  try {
    payload = JSON.parse(escapeControls(text)) as Json
  } catch (error) {
    throw problem(messageOf(error))
  }
  if (!isJsonObject(payload)) throw problem('it is not an object')
  return payload
}

/** Takes out empty texts, zeros, false, empty lists and objects: launchers send every field, set or not. */
export const withoutEmpty = (value: JsonObject): JsonObject => {
  const members = Object.entries(value).flatMap(([name, member]) => {
    const kept = isJsonObject(member) ? withoutEmpty(member) : member
    const empty = !kept || (isJsonObject(kept) && Object.keys(kept).length === 0)
    return empty || (Array.isArray(kept) && kept.length === 0) ? [] : [[name, kept] as const]
  })
  return Object.fromEntries(members)
}

const shortName = (name: string): string => name.replace(/^(init|method)\./, '')

const escapeControls = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"/gs, (quoted) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    quoted.replace(/[\u0000-\u001f]/g, (character) => JSON.stringify(character).slice(1, -1)),
  )

/** JSON, or a list as Python prints it. */
const parseLoosely = (text: string): Json | undefined => {
  for (const candidate of [text, text.replaceAll("'", '"')]) {
    try {
      return JSON.parse(candidate) as Json
    } catch {
      // The second attempt, or undefined, says enough.
    }
  }
  return undefined
}
