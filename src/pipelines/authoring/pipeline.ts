import type { JsonObject } from '../../domain/json.ts'
import { callSite, misuse } from './call-site.ts'
import { typeWords } from './check-given.ts'
import { checkInterface } from './check-interface.ts'
import { type Component, componentOf } from './component.ts'
import { inGroup } from './current-program.ts'
import { interfaceSpec, typeOf } from './interface-spec.ts'
import type { PipelineProgram, Source } from './program.ts'
import { sourceOf, toReferences } from './references.ts'
import { requireReachable } from './scopes.ts'
import type { Inputs, Outputs, References, Referred, ValueType } from './types.ts'

export interface PipelineOptions<I extends Inputs> {
  readonly inputs?: I
  readonly displayName?: string
  readonly description?: string
  /** Where artifacts are written, such as `gs://bucket/folder`, where a run does not say. */
  readonly root?: string
  /** A volume that the tasks share, on Kubernetes. */
  readonly workspace?: { readonly size: string; readonly kubernetes?: JsonObject }
}

/** What a pipeline's function gives: nothing, one output (named `Output`), or a record of outputs. */
type Given = void | object
type AsOutput<Type> = Type extends ValueType ? Type : never
type OutputsOf<Result> = [Result] extends [void]
  ? Record<never, never>
  : [Referred<Result>] extends [never]
    ? { readonly [Name in keyof Result]: AsOutput<Referred<Result[Name]>> }
    : { readonly Output: AsOutput<Referred<Result>> }

/** A compiled pipeline is one file; used within another pipeline it is a component like others. */
export interface Pipeline<I extends Inputs = any, O extends Outputs = any> extends Component<I, O> {
  readonly program: PipelineProgram
}

const programs = new WeakMap<object, PipelineProgram>()

export const programOfPipeline = (value: unknown): PipelineProgram | undefined =>
  typeof value === 'function' ? programs.get(value) : undefined

/** True for what pipeline() gives: how a file's pipeline is found among its exports. */
export const isPipeline = (value: unknown): value is Pipeline => programOfPipeline(value) !== undefined

const outputSource = (program: PipelineProgram, name: string, value: unknown): Source => {
  const source = sourceOf(value)
  const what = `output "${name}" of pipeline ${program.name}`
  if (source === undefined || source.kind === 'input' || source.kind === 'text')
    throw misuse(
      `${what} has to be an output of a task, not ${source === undefined ? 'a plain value' : typeWords(source.type)}`,
    )
  requireReachable(source, program.body, what)
  return source
}

const readOutputs = (program: PipelineProgram, result: Given): void => {
  if (result === undefined) return
  const named = sourceOf(result) === undefined ? result : { Output: result }
  for (const [name, value] of Object.entries(named)) program.outputs[name] = outputSource(program, name, value)
}

const checkName = (name: string): void => {
  if (/^[a-z0-9][a-z0-9-]{0,127}$/.test(name)) return
  throw misuse(
    `a pipeline cannot be named "${name}": use up to 128 small letters, digits and hyphens, not a hyphen first`,
  )
}

/**
 * A pipeline: `write` is called at once, with references to the inputs; each component that it calls adds a task, and
 * what it gives are the pipeline's outputs. Throws Fault `pipeline_invalid` with `file:line:column` of a misuse.
 */
export const pipeline = <const I extends Inputs = Record<never, never>, Result extends Given = void>(
  name: string,
  { inputs, ...options }: PipelineOptions<I>,
  write: (inputs: References<I>) => Result,
): Pipeline<I, OutputsOf<Result>> => {
  checkName(name)
  const declared: Inputs = inputs ?? {}
  checkInterface(`pipeline ${name}`, declared, {})
  const program = newProgram(name, declared, options)
  const types = Object.fromEntries(Object.entries(declared).map(([key, input]) => [key, typeOf(input)]))
  const references = toReferences(types, `the inputs of pipeline ${name}`, (key, type) => ({
    kind: 'input',
    program,
    name: key,
    type,
  }))
  readOutputs(
    program,
    inGroup(program, program.body, () => write(references as unknown as References<I>)),
  )
  if (program.tasks.size === 0) throw misuse(`pipeline ${name} has no tasks`)
  const outputs = Object.fromEntries(Object.entries(program.outputs).map(([key, { type }]) => [key, type]))
  const component: Component<I, OutputsOf<Result>> = componentOf({
    name,
    inputs: declared,
    outputs,
    spec: interfaceSpec(declared, outputs),
    implementation: { kind: 'pipeline', program },
  })
  programs.set(component, program)
  return Object.assign(component, { program })
}

const newProgram = (
  name: string,
  inputs: Inputs,
  options: Omit<PipelineOptions<Inputs>, 'inputs'>,
): PipelineProgram => {
  const { root, workspace, ...told } = options
  const body = { kind: 'root', name, parent: null, groups: [], tasks: [], site: callSite() } as const
  const program: Omit<PipelineProgram, 'body'> = {
    ...told,
    name,
    root: root ?? null,
    inputs,
    outputs: {},
    tasks: new Map(),
    platform:
      workspace === undefined
        ? null
        : {
            pipelineConfig: {
              workspace: {
                size: workspace.size,
                ...(workspace.kubernetes === undefined ? {} : { kubernetes: workspace.kubernetes }),
              },
            },
          },
    groupNumber: 0,
  }
  const whole = program as PipelineProgram
  return Object.assign(whole, { body: { ...body, groups: [], tasks: [], program: whole } })
}
