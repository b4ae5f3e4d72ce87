export { type Branches, type GroupOptions, If, type OpenBranches, oneOf } from './branches.ts'
export { compile, compileToYaml, platformSpec } from './compile.ts'
export { type Argument, type Arguments, type Component, componentFromSpec } from './component.ts'
export { componentFromYaml } from './component-from-yaml.ts'
export { type Condition, eq, ge, gt, le, lt, ne } from './conditions.ts'
export {
  type Assembled,
  type ContainerOptions,
  concat,
  containerComponent,
  ifPresent,
  type Word,
} from './container-component.ts'
export { type ComponentOptions, defineComponent, type RunArtifact } from './define-component.ts'
export * from './definitions.ts'
export { type Exit, exitHandler } from './exit-handler.ts'
export { type ImporterOptions, importer } from './importer.ts'
export { type Collected, collected, type Item, type Looped, type LoopOptions, parallelFor } from './loops.ts'
export { isPipeline, type Pipeline, type PipelineOptions, pipeline } from './pipeline.ts'
export type { Resources, Retry, Task } from './task.ts'
export { job, text } from './text.ts'
export type * from './types.ts'
