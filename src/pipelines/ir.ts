import { z } from 'zod'
import type { Json, JsonObject } from '../domain/json.ts'
import { suggestName } from './suggest-name.ts'

// The parts of KFP's pipeline spec that are executed (schema 2.1.0, and TFX's 2.0.0). Objects are loose: what is not
// named here is kept in the spec and takes part in its digest.

const anyJson = z.custom<Json>(() => true)
const jsonObject = z.custom<JsonObject>(
  (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
  'must be a mapping',
)
const named = <T extends z.ZodType>(value: T) => z.record(z.string(), value)

/** `{constant}` of 2.1.0, `{constantValue: {stringValue | intValue | doubleValue}}` of 2.0.0, or a parameter's name. */
export const RuntimeValue = z.looseObject({
  constant: anyJson.optional(),
  constantValue: jsonObject.optional(),
  runtimeParameter: z.string().optional(),
})
export type RuntimeValue = z.infer<typeof RuntimeValue>

/** The protocol's own, and the one that is written for none. */
const parameterTypes = [
  'PARAMETER_TYPE_ENUM_UNSPECIFIED',
  'NUMBER_DOUBLE',
  'NUMBER_INTEGER',
  'STRING',
  'BOOLEAN',
  'LIST',
  'STRUCT',
  'TASK_FINAL_STATUS',
  'TASK_CONFIG',
]

/** A misspelt type would let any value through. */
const ParameterTypeName = z.string().superRefine((type, context) => {
  if (!parameterTypes.includes(type))
    context.addIssue({ code: 'custom', message: `${type} is no type${suggestName(type, parameterTypes)}` })
})

const Count = z.int({ error: 'expected a whole number' }).min(0, { error: 'expected 0 or more' })

export const ParameterDefinition = z.looseObject({
  parameterType: ParameterTypeName.optional(),
  /** Schema 2.0.0: INT, DOUBLE or STRING. */
  type: z.string().optional(),
  defaultValue: anyJson.optional(),
  isOptional: z.boolean().optional(),
})
export type ParameterDefinition = z.infer<typeof ParameterDefinition>

const ArtifactDefinition = z.looseObject({
  artifactType: jsonObject.optional(),
  isArtifactList: z.boolean().optional(),
  isOptional: z.boolean().optional(),
})

const Definitions = z.looseObject({
  parameters: named(ParameterDefinition).optional(),
  artifacts: named(ArtifactDefinition).optional(),
})

export const TaskParameterInput = z.looseObject({
  componentInputParameter: z.string().optional(),
  taskOutputParameter: z.looseObject({ producerTask: z.string(), outputParameterKey: z.string() }).optional(),
  runtimeValue: RuntimeValue.optional(),
  taskFinalStatus: z.looseObject({ producerTask: z.string() }).optional(),
  parameterExpressionSelector: z.string().optional(),
})
export type TaskParameterInput = z.infer<typeof TaskParameterInput>

export const TaskArtifactInput = z.looseObject({
  componentInputArtifact: z.string().optional(),
  taskOutputArtifact: z.looseObject({ producerTask: z.string(), outputArtifactKey: z.string() }).optional(),
})
export type TaskArtifactInput = z.infer<typeof TaskArtifactInput>

/** When a task starts: to take another for the default would run what should not run. */
const TriggerStrategy = z.enum([
  '',
  'TRIGGER_STRATEGY_UNSPECIFIED',
  'ALL_UPSTREAM_TASKS_SUCCEEDED',
  'ALL_UPSTREAM_TASKS_COMPLETED',
])

export const PipelineTask = z.looseObject({
  componentRef: z.looseObject({ name: z.string() }),
  taskInfo: z.looseObject({ name: z.string().optional() }).optional(),
  dependentTasks: z.array(z.string()).optional(),
  inputs: z
    .looseObject({
      parameters: named(TaskParameterInput).optional(),
      artifacts: named(TaskArtifactInput).optional(),
    })
    .optional(),
  cachingOptions: z.looseObject({ enableCache: z.boolean().optional(), cacheKey: z.string().optional() }).optional(),
  triggerPolicy: z.looseObject({ condition: z.string().optional(), strategy: TriggerStrategy.optional() }).optional(),
  retryPolicy: z
    .looseObject({
      maxRetryCount: Count.optional(),
      backoffDuration: z.string().optional(),
      backoffFactor: z.number().optional(),
      backoffMaxDuration: z.string().optional(),
    })
    .optional(),
  iteratorPolicy: z.looseObject({ parallelismLimit: Count.optional() }).optional(),
  parameterIterator: z
    .looseObject({
      itemInput: z.string(),
      items: z.looseObject({ raw: z.string().optional(), inputParameter: z.string().optional() }),
    })
    .optional(),
  artifactIterator: z
    .looseObject({ itemInput: z.string(), items: z.looseObject({ inputArtifact: z.string() }) })
    .optional(),
})
export type PipelineTask = z.infer<typeof PipelineTask>

const ParameterSelector = z.looseObject({ producerSubtask: z.string(), outputParameterKey: z.string() })
const ArtifactSelector = z.looseObject({ producerSubtask: z.string(), outputArtifactKey: z.string() })

export const Dag = z.looseObject({
  tasks: named(PipelineTask).optional(),
  outputs: z
    .looseObject({
      parameters: named(
        z.looseObject({
          valueFromParameter: ParameterSelector.optional(),
          valueFromOneof: z.looseObject({ parameterSelectors: z.array(ParameterSelector) }).optional(),
        }),
      ).optional(),
      artifacts: named(z.looseObject({ artifactSelectors: z.array(ArtifactSelector) })).optional(),
    })
    .optional(),
})
export type Dag = z.infer<typeof Dag>

export const Component = z.looseObject({
  executorLabel: z.string().optional(),
  dag: Dag.optional(),
  inputDefinitions: Definitions.optional(),
  outputDefinitions: Definitions.optional(),
})
export type Component = z.infer<typeof Component>

export const ContainerSpec = z.looseObject({
  image: z.string(),
  command: z.array(anyJson).optional(),
  args: z.array(anyJson).optional(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).optional(),
  resources: jsonObject.optional(),
})
export type ContainerSpec = z.infer<typeof ContainerSpec>

export const ImporterSpec = z.looseObject({
  artifactUri: RuntimeValue,
  typeSchema: jsonObject.optional(),
  metadata: jsonObject.optional(),
  /** Schema 2.0.0, in place of metadata. */
  properties: named(RuntimeValue).optional(),
  customProperties: named(RuntimeValue).optional(),
  reimport: z.boolean().optional(),
  downloadToWorkspace: z.boolean().optional(),
})
export type ImporterSpec = z.infer<typeof ImporterSpec>

const ExecutorSpec = z.looseObject({
  container: ContainerSpec.optional(),
  importer: ImporterSpec.optional(),
  resolver: z.looseObject({ outputArtifactQueries: named(jsonObject).optional() }).optional(),
  customJob: z.looseObject({ customJob: jsonObject.optional() }).optional(),
})

export const PipelineSpec = z.looseObject({
  pipelineInfo: z.looseObject({ name: z.string() }),
  schemaVersion: z.string().optional(),
  sdkVersion: z.string().optional(),
  root: Component,
  components: named(Component).optional(),
  deploymentSpec: z.looseObject({ executors: named(ExecutorSpec).optional() }).optional(),
  defaultPipelineRoot: z.string().optional(),
})
export type PipelineSpec = z.infer<typeof PipelineSpec>
