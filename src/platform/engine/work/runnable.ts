import { Fault } from '../../../domain/errors.ts'
import type { Json } from '../../../domain/json.ts'
import type { ContainerExecutor } from '../../../pipelines/execution.ts'
import type { PipelineSpec } from '../../../pipelines/ir.ts'
import type { NativeComponent } from '../../components/component.ts'
import { type Containers, refusalOf, remedyOf } from '../containers/containers.ts'
import { customJobContainer } from '../containers/custom-job.ts'
import { type GcpcLauncher, parseGcpc } from './gcpc.ts'
import { type LightweightNode, parseLightweightNode } from './lightweight-node.ts'
import { type LightweightPython, parseLightweightPython } from './lightweight-python.ts'

/** A native component says itself whether its outputs may be taken from a cache: those that make resources may not. */
export type CatalogueEntry = NativeComponent & { readonly cacheable?: boolean }
export type FindNative = (
  image: string,
  command: readonly string[],
  args: readonly string[],
) => CatalogueEntry | undefined

/** How a container's work is done on this machine. */
export type Runnable =
  | { readonly kind: 'python'; readonly component: LightweightPython }
  | { readonly kind: 'node'; readonly component: LightweightNode }
  | { readonly kind: 'native'; readonly component: CatalogueEntry }
  | { readonly kind: 'gcpc'; readonly launcher: GcpcLauncher }
  | { readonly kind: 'container' }

export interface RunnableOptions {
  readonly findNative: FindNative
  readonly containers: Containers
}

type Container = Pick<ContainerExecutor, 'image' | 'command' | 'args'>

const asText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Undefined for a container that this machine cannot run. */
export const runnableOf = (
  container: Container,
  sdkVersion: string | undefined,
  { findNative, containers }: RunnableOptions,
): Runnable | undefined => {
  const native = findNative(container.image, container.command.map(asText), container.args.map(asText))
  if (native !== undefined) return { kind: 'native', component: native }
  const python = parseLightweightPython(container, sdkVersion)
  if (python !== undefined) return { kind: 'python', component: python }
  const node = parseLightweightNode(container)
  if (node !== undefined) return { kind: 'node', component: node }
  const launcher = parseGcpc(container)
  if (launcher !== undefined) return { kind: 'gcpc', launcher }
  return refusalOf(containers, container.command.length > 0) === undefined ? { kind: 'container' } : undefined
}

type SpecExecutor = NonNullable<NonNullable<PipelineSpec['deploymentSpec']>['executors']>[string]

/** The container that an executor of the spec is done in; a text says why it cannot be. */
const containerOf = ({ container, customJob }: SpecExecutor) => {
  if (customJob === undefined) return container
  return customJobContainer(customJob.customJob ?? {})
}

const tasksOf = (spec: PipelineSpec, label: string): readonly string[] => {
  const dags = [spec.root, ...Object.values(spec.components ?? {})]
  return dags.flatMap(({ dag }) =>
    Object.entries(dag?.tasks ?? {})
      .filter(([, task]) => spec.components?.[task.componentRef.name]?.executorLabel === label)
      .map(([name, task]) => task.taskInfo?.name ?? name),
  )
}

/** Refuses a spec with a task that cannot run here, before anything of it runs: Fault `component_unsupported`. */
export const requireRunnable = (spec: PipelineSpec, options: RunnableOptions): void => {
  const refused: string[] = []
  const absent: string[] = []
  const impossible: string[] = []
  for (const [label, executor] of Object.entries(spec.deploymentSpec?.executors ?? {})) {
    const container = containerOf(executor)
    if (typeof container === 'string')
      impossible.push(...tasksOf(spec, label).map((task) => `task ${task} ${container}`))
    if (container === undefined || typeof container === 'string') continue
    const { image, command = [], args = [] } = container
    const runnable = runnableOf({ image, command, args }, spec.sdkVersion, options)
    if (runnable?.kind === 'gcpc' && runnable.launcher.needs !== undefined)
      for (const task of tasksOf(spec, label))
        absent.push(`task ${task} needs ${runnable.launcher.needs} (${runnable.launcher.module})`)
    if (runnable !== undefined) continue
    for (const task of tasksOf(spec, label))
      refused.push(
        command.length === 0
          ? `task ${task} runs the entry point of image ${image}`
          : `task ${task} needs the container image ${image}`,
      )
  }
  if (absent.length > 0)
    throw new Fault('component_unsupported', `This machine has no such service: ${absent.join('; ')}`, {
      remedy: 'Run this pipeline on Vertex AI, or leave these steps out.',
      details: absent,
    })
  if (impossible.length > 0)
    throw new Fault('component_unsupported', `This machine cannot run the custom job: ${impossible.join('; ')}`, {
      remedy: 'Give the job one worker pool with one replica, or run this pipeline on Vertex AI.',
      details: impossible,
    })
  if (refused.length === 0) return
  const reason = refusalOf(options.containers, false) ?? ''
  throw new Fault('component_unsupported', `This machine runs no containers (${reason}): ${refused.join('; ')}`, {
    remedy: remedyOf(options.containers),
    details: refused,
  })
}
