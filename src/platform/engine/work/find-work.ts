import { Fault } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { ContainerExecutor, ReadyTask } from '../../../pipelines/execution.ts'
import type { PipelineSpec } from '../../../pipelines/ir.ts'
import { customJobContainer } from '../containers/custom-job.ts'
import { type JobRuntime, localOr } from '../task-attempt.ts'
import { containerWork } from './container-work.ts'
import { gcpcWork } from './gcpc-work.ts'
import { importerWork } from './importer-work.ts'
import { nativeWork } from './native-work.ts'
import { nodeWork } from './node-work.ts'
import { pythonWork } from './python-work.ts'
import { resolverWork } from './resolver-work.ts'
import { runnableOf } from './runnable.ts'
import type { Work, WorkOptions } from './work.ts'

/** How a task is done on this machine; each kind of executor has a file of its own. */
export const findWork = ({ spec }: JobRuntime, { name, executor }: ReadyTask, options: WorkOptions): Work => {
  if (executor.kind === 'importer') return importerWork(executor, options.addresses)
  if (executor.kind === 'resolver') return resolverWork(executor.queries)
  if (executor.kind === 'customJob') return customJobWork(executor.job, spec, name, options)
  return workOf(executor, spec, name, options)
}

const customJobWork = (job: JsonObject, spec: PipelineSpec, name: string, options: WorkOptions): Work => {
  const container = customJobContainer(job, (uri) => localOr(uri, options.addresses))
  if (typeof container === 'string')
    throw new Fault('component_unsupported', `${name} ${container}`, { remedy: 'run this pipeline on Vertex AI' })
  return workOf(container, spec, name, options)
}

const workOf = (container: ContainerExecutor, spec: PipelineSpec, name: string, options: WorkOptions): Work => {
  const runnable = runnableOf(container, spec.sdkVersion, options)
  switch (runnable?.kind) {
    case 'python':
      return pythonWork(container, runnable.component, options)
    case 'node':
      return nodeWork(container, runnable.component, options)
    case 'native':
      return nativeWork(container, runnable.component, options, (job) => customJobWork(job, spec, name, options))
    case 'gcpc':
      return gcpcWork(container, runnable.launcher, options)
    case 'container':
      return containerWork(container, options)
    case undefined:
      throw new Fault('component_unsupported', `${name} needs the container image ${container.image}`, {
        remedy: 'run this pipeline on Vertex AI or Kubeflow',
      })
  }
}
