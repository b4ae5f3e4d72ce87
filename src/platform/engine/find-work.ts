import { Fault } from '../../domain/errors.ts'
import type { ReadyTask } from '../../pipelines/execution.ts'
import { containerWork } from './container-work.ts'
import { gcpcWork } from './gcpc-work.ts'
import { importerWork } from './importer-work.ts'
import { nativeWork } from './native-work.ts'
import { pythonWork } from './python-work.ts'
import { resolverWork } from './resolver-work.ts'
import { runnableOf } from './runnable.ts'
import type { JobRuntime } from './task-attempt.ts'
import type { Work, WorkOptions } from './work.ts'

/** How a task is done on this machine; each kind of executor has a file of its own. */
export const findWork = ({ spec }: JobRuntime, { name, executor }: ReadyTask, options: WorkOptions): Work => {
  if (executor.kind === 'importer') return importerWork(executor, options.addresses)
  if (executor.kind === 'resolver') return resolverWork(executor.queries)
  if (executor.kind !== 'container')
    throw new Fault('component_unsupported', `${name} is done by an executor that this machine does not know`, {
      remedy: 'run this pipeline on Vertex AI or Kubeflow',
    })
  const runnable = runnableOf(executor, spec.sdkVersion, options)
  switch (runnable?.kind) {
    case 'python':
      return pythonWork(executor, runnable.component, options)
    case 'native':
      return nativeWork(executor, runnable.component, options)
    case 'gcpc':
      return gcpcWork(executor, runnable.launcher, options)
    case 'container':
      return containerWork(executor, options)
    case undefined:
      throw new Fault('component_unsupported', `${name} needs the container image ${executor.image}`, {
        remedy: 'run this pipeline on Vertex AI or Kubeflow',
      })
  }
}
