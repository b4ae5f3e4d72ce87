import { cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { badArgument, readCommandLine } from './arguments.ts'
import type { NativeComponent } from './component.ts'
import { launcher } from './launcher.ts'
import { noResources } from './outputs.ts'

const component = 'CustomTrainingJobOp'
const note = 'custom jobs of this machine run as tasks, on the machine itself'

/**
 * Runs a custom job as the work of its own task. A component that was wrapped into a job
 * (create_custom_training_job_from_component) has outputs of its own: its container leaves them as any other's does.
 */
export const runCustomJob: NativeComponent = async (call, { addresses }, signal) => {
  // The wrapped component's arguments hold the placeholder of the executor input, one JSON text deep.
  const args = call.args.map((word, at) => (call.args[at - 1] === '--payload' ? call.fillIn(withNulls(word)) : word))
  const { payload } = launcher(component, { ...call, args }, [
    'display_name',
    'labels',
    'job_spec.worker_pool_specs',
    'job_spec.base_output_directory',
    ...['scheduling', 'service_account', 'tensorboard', 'enable_web_access', 'network', 'reserved_ip_ranges'].map(
      (name) => ({ name: `job_spec.${name}`, note }),
    ),
    { name: 'job_spec.persistent_resource_id', note },
    { name: 'job_spec.psc_interface_config', note },
  ])
  const file = readCommandLine(call.args)?.options['gcp_resources']
  if (file !== undefined) {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, noResources.gcp_resources)
  }
  const job = camelCased(payload) as JsonObject
  const jobSpec = (job['jobSpec'] ?? {}) as JsonObject
  const { outputUriPrefix } = (jobSpec['baseOutputDirectory'] ?? {}) as JsonObject
  if (typeof outputUriPrefix !== 'string') return call.runCustomJob(job, signal)
  // What a stranger's job made must not be put just anywhere on this machine: an address leads where its owner says.
  if (!/^[a-z0-9]+:\/\//.test(outputUriPrefix) || outputUriPrefix.startsWith('file:'))
    throw badArgument(
      component,
      'base_output_directory',
      `is ${outputUriPrefix}, a path of this machine`,
      'Write gs://BUCKET/FOLDER and map it to a folder.',
    )
  // The job writes where a task may; what it has made is delivered when it has succeeded.
  const [here, there] = [join(call.folder, 'job-output'), addresses.resolve(outputUriPrefix)]
  const folders = ['model', 'checkpoints', 'logs'].map((name) => join(here, name))
  for (const folder of folders) await mkdir(folder, { recursive: true })
  const baseOutputDirectory = { outputUriPrefix: here }
  const outputs = await call.runCustomJob({ ...job, jobSpec: { ...jobSpec, baseOutputDirectory } }, signal)
  await cp(here, there, { recursive: true })
  call.log(`What the job made: ${there}`)
  return outputs
}

/** A field of the payload whose argument has no value at all stands there without one. */
const withNulls = (payload: string): string => payload.replace(/(?<!\\)":\s*(?=[,}])/g, '": null')

/** Specs of workers are written in snake_case or in camelCase; texts, and so the names in `env`, stay as they are. */
const camelCased = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(camelCased)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camelCased(member ?? null),
    ]),
  )
}
