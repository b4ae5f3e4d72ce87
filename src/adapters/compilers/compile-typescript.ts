import { readFileSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isFault, messageOf } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import * as authoring from '../../pipelines/authoring/index.ts'
import type { CompileReport } from './compile-report.ts'

// A process of its own: node compile-typescript.ts ROOT FILE EXPORT OUTPUT, as python/_winnow_source.py says. It runs the
// user's code, so it is started without credentials, under limits, and with Node's permissions where they work.

const longestText = 2_000
const mostFrames = 5
const [root = '', file = '', exported = '', output = ''] = process.argv.slice(2)

/** The checkout needs no installation of Winnow: its library is the one that compiles. */
const ending = extname(import.meta.url)
const ours = (room: string): string => new URL(`../../pipelines/${room}/index${ending}`, import.meta.url).href
const libraries: Readonly<Record<string, string>> = {
  'winnow-ml/pipelines': ours('authoring'),
  'winnow-ml/pipelines/catalogue': ours('catalogue'),
}
registerHooks({
  resolve: (specifier, context, next) => {
    const url = Object.hasOwn(libraries, specifier) ? libraries[specifier] : undefined
    return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
  },
})

type Frames = Extract<CompileReport, { readonly frames: unknown }>['frames']

/** The frames of the user's own files, innermost last. */
const framesOf = (stack: string): Frames => {
  const frames: Frames = []
  for (const text of stack.split('\n')) {
    const found = /^\s*at (?:(.*?) \()?(?:async )?(file:\/\/[^\s)]*|\/[^\s):]*):(\d+):(\d+)\)?$/.exec(text)
    if (found === null) continue
    const [, name = '', place = '', line = '1', column = '1'] = found
    const path = place.startsWith('file:') ? fileURLToPath(place) : place
    if (!path.startsWith(root + sep) || path.includes(`${sep}node_modules${sep}`)) continue
    const code = readLine(path, Number(line))
    frames.unshift({
      file: relative(root, path),
      line: Number(line),
      column: Number(column),
      code,
      function: name === 'Object.<anonymous>' ? '' : name,
    })
  }
  return frames.slice(-mostFrames)
}

const readLine = (path: string, line: number): string => {
  try {
    return (readFileSync(path, 'utf8').split('\n')[line - 1] ?? '').trim().slice(0, 200)
  } catch {
    return ''
  }
}

/** Node puts the place of a syntax error above the error's own words: `file:///path:line`, the code, and a pointer. */
const syntaxPlace = (stack: string): Frames => {
  const found = /^(file:\/\/\S+|\/\S+?):(\d+)\n/.exec(stack)
  if (found === null) return []
  const [, place = '', line = '1'] = found
  const path = place.startsWith('file:') ? fileURLToPath(place) : place
  if (!path.startsWith(root + sep)) return []
  return [{ file: relative(root, path), line: Number(line), code: readLine(path, Number(line)), function: '' }]
}

const describe = (error: unknown): CompileReport => {
  const told = (isFault(error) ? error.message : messageOf(error)).replaceAll(`${root}${sep}`, '').slice(0, longestText)
  if (isFault(error, 'pipeline_invalid')) return { kind: 'misuse', message: told }
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const type = error instanceof Error ? error.name : 'an exception'
  const place = error instanceof SyntaxError ? syntaxPlace(stack) : []
  if (place.length > 0) return { kind: 'syntax', type, message: told.split('\n', 1)[0] as string, frames: place }
  return { kind: 'raised', type, message: told, frames: framesOf(stack) }
}

const compile = async (): Promise<CompileReport> => {
  const module = (await import(pathToFileURL(join(root, file)).href)) as Record<string, unknown>
  const names = Object.keys(module).filter((name) => authoring.isPipeline(module[name]))
  const distinct = [...new Map(names.map((name) => [module[name], name])).values()]
  const name = exported === '' ? distinct[0] : exported
  if (exported === '' && distinct.length > 1) return { kind: 'several', names: distinct }
  if (name === undefined) return { kind: 'none', names: [] }
  const chosen = module[name]
  if (chosen === undefined) return { kind: 'missing', names: distinct }
  if (!authoring.isPipeline(chosen)) return { kind: 'plain', names: distinct, callable: typeof chosen === 'function' }
  const platformSpec = authoring.platformSpec(chosen)
  // What JSON makes of it is what it is.
  const pipelineSpec = JSON.parse(JSON.stringify(authoring.compile(chosen))) as JsonObject
  return {
    kind: 'pipeline',
    sdk: 'winnow-ml',
    pipelineSpec,
    modules: [],
    ...(platformSpec === null ? {} : { platformSpec }),
  }
}

const report = await compile().catch(describe)
writeFileSync(output, JSON.stringify(report))
process.exit(0)
