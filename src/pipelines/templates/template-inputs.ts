import type { TemplateParameter, TemplateParameters } from '../../domain/templates.ts'
import { boolean, double, integer, list, optional, string, struct } from '../authoring/definitions.ts'
import type {
  BooleanType,
  Defaulted,
  DoubleType,
  Input,
  IntegerType,
  ListType,
  Optional,
  ParameterType,
  StringType,
  StructType,
} from '../authoring/types.ts'

interface Types {
  readonly STRING: StringType
  readonly NUMBER_INTEGER: IntegerType
  readonly NUMBER_DOUBLE: DoubleType
  readonly BOOLEAN: BooleanType
  readonly LIST: ListType
  readonly STRUCT: StructType
}
type InputOf<P extends TemplateParameter> = P extends { readonly default: unknown }
  ? Defaulted<Types[P['type']]>
  : P extends { readonly optional: true }
    ? Optional<Types[P['type']]>
    : Types[P['type']]
export type InputsOf<P extends TemplateParameters> = { readonly [Name in keyof P]: InputOf<P[Name]> }

const types: Readonly<Record<TemplateParameter['type'], () => ParameterType>> = {
  STRING: string,
  NUMBER_INTEGER: integer,
  NUMBER_DOUBLE: double,
  BOOLEAN: boolean,
  LIST: list,
  STRUCT: struct,
}

/** A template's parameters as the inputs of its pipeline: what winnow.yaml is checked against is what runs. */
export const inputsOf = <const P extends TemplateParameters>(parameters: P): InputsOf<P> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]): [string, Input] => {
      const type = { ...types[parameter.type](), description: parameter.description }
      if (parameter.default !== undefined) return [name, { type, optional: true, default: parameter.default } as Input]
      return [name, parameter.optional === true ? optional(type) : type]
    }),
  ) as InputsOf<P>
