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

/** What compile_kfp.py writes. */
export const CompileReport = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('pipeline'), sdk: text, pipelineSpec: jsonObject, platformSpec: jsonObject.optional() }),
  z.object({
    kind: z.enum(['syntax', 'raised', 'memory', 'exit']),
    type: z.string(),
    message: z.string(),
    frames: z.array(Frame),
  }),
  z.object({ kind: z.enum(['missing', 'none', 'several']), names }),
  z.object({ kind: z.literal('plain'), names, callable: z.boolean() }),
  z.object({ kind: z.enum(['no-sdk', 'old-sdk']), message: z.string() }),
  z.object({ kind: z.literal('not-python') }),
])
export type CompileReport = z.infer<typeof CompileReport>
type Refused = Exclude<CompileReport, { kind: 'pipeline' }>

/** The first line says what is wrong, the details where: innermost frame last, as Python prints them. */
export const explainRefusal = (
  report: Refused,
  file: string,
  asked: string | undefined,
  requirements: string,
): { readonly error: string; readonly details: readonly string[] } => {
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
          ? `${file} has no ${asked}, nor any other function under @dsl.pipeline`
          : `${file} has no pipeline ${asked}; it has ${report.names.join(', ')}`,
      )
    case 'none':
      return only(`${file} has no pipeline: put @dsl.pipeline above its function`)
    case 'several':
      return only(`${file} has ${report.names.length} pipelines (${report.names.join(', ')}): name one with function:`)
    case 'plain':
      return only(
        report.callable
          ? `${asked} in ${file} is a plain function: put @dsl.pipeline above it`
          : `${asked} in ${file} is no pipeline`,
      )
    case 'no-sdk':
      return only(`kfp cannot be imported (${report.message}): add it to ${requirements}, such as kfp==2.17.0`)
    case 'old-sdk':
      return only(`${requirements} asks for kfp ${report.message}; Winnow compiles with kfp 2 or newer`)
    case 'not-python':
      return only(`${file} is no Python file: its name should end in .py`)
  }
}

const placeOf = ({ file, line, column }: z.infer<typeof Frame>): string =>
  column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`
