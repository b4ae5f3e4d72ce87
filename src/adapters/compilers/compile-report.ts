import { z } from 'zod'
import type { JsonObject } from '../../domain/json.ts'

const Frame = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number().optional(),
  code: z.string(),
  function: z.string(),
})
const names = z.array(z.string())
const text = z.string().catch('')
const jsonObject = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))

/** What a kind of source calls its parts. */
export interface SourceWords {
  /** The library that a pipeline is written with, and a line of a requirements file that brings it. */
  readonly name: string
  readonly example: string
  /** What to do about a plain function, and about a file without any pipeline. */
  readonly makesPipeline: string
  readonly noPipeline: string
}

/** One of the two SDKs that a pipeline in Python is written with. */
export interface Sdk extends SourceWords {
  /** Ours, in python/. */
  readonly script: string
  /** For a pipeline whose `requirements` are not given. */
  readonly requirements: readonly string[]
}

/** What compile_kfp.py, compile_tfx.py and compile-typescript.ts write. */
export const CompileReport = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('pipeline'),
    sdk: text,
    pipelineSpec: jsonObject,
    platformSpec: jsonObject.optional(),
    /** Modules of prebuilt components that the source imported. */
    modules: names.catch([]),
  }),
  z.object({ kind: z.literal('job'), sdk: text, job: jsonObject }),
  z.object({
    kind: z.enum(['syntax', 'raised', 'memory', 'exit']),
    type: z.string(),
    message: z.string(),
    frames: z.array(Frame),
  }),
  z.object({ kind: z.enum(['missing', 'none', 'several', 'needs-arguments']), names }),
  z.object({ kind: z.literal('plain'), names, callable: z.boolean() }),
  z.object({ kind: z.enum(['no-sdk', 'old-sdk']), message: z.string() }),
  z.object({ kind: z.literal('not-python') }),
  /** Of the TypeScript library, which has put the place before its words. */
  z.object({ kind: z.literal('misuse'), message: z.string() }),
])
export type CompileReport = z.infer<typeof CompileReport>
type Refused = Exclude<CompileReport, { kind: 'pipeline' | 'job' }>

/** The first line says what is wrong, the details where: innermost frame last, as Python prints them. */
export const explainRefusal = (
  report: Refused,
  {
    file,
    asked,
    requirements,
  }: { readonly file: string; readonly asked?: string | undefined; readonly requirements?: string | undefined },
  words: SourceWords,
): { readonly error: string; readonly details: readonly string[] } => {
  const list = requirements ?? 'a requirements file, named by requirements: in winnow.yaml'
  const only = (error: string): { error: string; details: readonly string[] } => ({ error, details: [] })
  switch (report.kind) {
    case 'syntax':
    case 'raised':
    case 'memory':
    case 'exit': {
      const what = report.message === '' ? report.type : `${report.type}: ${report.message}`
      const last = report.frames.at(-1)
      const place = last === undefined ? file : placeOf(last)
      const details = report.frames.flatMap((frame) => [
        `${placeOf(frame)}:${frame.function === '' || frame.function === '<module>' ? '' : ` in ${frame.function}`}`.replace(
          /:$/,
          '',
        ),
        ...(frame.code === '' ? [] : [`    ${frame.code}`]),
      ])
      if (report.kind === 'exit')
        return { error: `${place}: the file ends Python (${what}) before its pipeline is there`, details }
      if (report.kind === 'memory')
        return { error: `${place}: importing it takes more memory than a compile may have`, details }
      return { error: `${place}: ${what}`, details: [...details, what] }
    }
    case 'missing':
      return only(
        report.names.length === 0
          ? `${file} has no ${asked}, nor any other pipeline`
          : `${file} has no pipeline ${asked}; it has ${report.names.join(', ')}`,
      )
    case 'none':
      return only(`${file} has no pipeline: ${words.noPipeline}`)
    case 'several':
      return only(`${file} has ${report.names.length} pipelines (${report.names.join(', ')}): name one with function:`)
    case 'needs-arguments':
      return only(
        `${asked ?? 'create_pipeline'} in ${file} wants ${report.names.join(', ')}: give them defaults, or name a function that wants nothing with function:`,
      )
    case 'plain':
      return only(
        report.callable
          ? `${asked ?? 'create_pipeline'} in ${file} is a plain function: ${words.makesPipeline}`
          : `${asked ?? 'create_pipeline'} in ${file} is no pipeline`,
      )
    case 'misuse':
      return only(report.message)
    case 'no-sdk':
      return only(`${words.name} cannot be imported (${report.message}): add it to ${list}, such as ${words.example}`)
    case 'old-sdk':
      return only(`${list} asks for kfp ${report.message}; Winnow compiles with kfp 2 or newer`)
    case 'not-python':
      return only(`${file} is no Python file: its name should end in .py`)
  }
}

export const parseReport = (text: string): CompileReport | undefined => {
  try {
    return CompileReport.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

const placeOf = ({ file, line, column }: z.infer<typeof Frame>): string =>
  column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`
