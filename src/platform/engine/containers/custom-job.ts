import { isJsonObject, type Json, type JsonObject } from '../../../domain/json.ts'
import type { ContainerExecutor } from '../../../pipelines/execution.ts'
import type { OutputFolder } from './output-folder.ts'

const objectAt = (value: Json | undefined, ...keys: readonly string[]): JsonObject => {
  let found: Json | undefined = value
  for (const key of keys) found = isJsonObject(found) ? found[key] : undefined
  return isJsonObject(found) ? found : {}
}
const textAt = (value: JsonObject, key: string): string => {
  const found = value[key]
  return typeof found === 'string' ? found : ''
}
const listAt = (value: JsonObject, key: string): readonly Json[] => {
  const found = value[key]
  return Array.isArray(found) ? found : []
}

/** `[{name, value}]`, or a mapping in older specs. */
const environmentOf = (env: Json | undefined): Record<string, string> => {
  const pairs = Array.isArray(env)
    ? env.filter(isJsonObject).map((entry) => [textAt(entry, 'name'), textAt(entry, 'value')] as const)
    : Object.entries(objectAt(env)).map(([name, value]) => [name, String(value)] as const)
  return Object.fromEntries(pairs.filter(([name]) => name !== ''))
}

/** Vertex tells its training code where to put things, below the job's output folder. */
const outputVariables = (base: string): Record<string, string> => {
  if (base === '') return {}
  const below = (name: string): string => `${base.replace(/\/$/, '')}/${name}`
  return {
    AIP_MODEL_DIR: below('model'),
    AIP_CHECKPOINT_DIR: below('checkpoints'),
    AIP_TENSORBOARD_LOG_DIR: below('logs'),
  }
}

/** A machine type is a size to pay for, not a limit: of the machine only accelerators are asked for. */
const resourcesOf = ({ acceleratorType, acceleratorCount }: JsonObject): JsonObject =>
  typeof acceleratorType === 'string' && acceleratorType !== '' && acceleratorType !== 'ACCELERATOR_TYPE_UNSPECIFIED'
    ? { accelerator: { type: acceleratorType, count: String(acceleratorCount ?? 1) } }
    : {}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The image's own packages stay in sight; what is installed is the task's alone. */
const packageCommand = (module: string, packages: readonly string[]): readonly string[] => {
  const script = [
    'set -e; home=$(mktemp -d); python3 -m venv --system-site-packages "$home"',
    `"$home/bin/python" -m pip install --quiet ${packages.map(quoted).join(' ')}`,
    'exec "$home/bin/python" -m "$0" "$@"',
  ]
  return ['sh', '-c', script.join('; '), module]
}

/** A container, with the files that its command reads besides the task's inputs. */
export type CustomJobContainer = ContainerExecutor & {
  readonly packages: readonly string[]
  readonly outputFolder?: OutputFolder
}

/**
 * The container of a Vertex AI CustomJob: that of its one worker. A text instead says why there is none, as the end of
 * a sentence that begins with the task's name. `local` leads addresses to paths of this machine.
 */
export const customJobContainer = (
  job: JsonObject,
  local: (uri: string) => string = (uri) => uri,
): CustomJobContainer | string => {
  const spec = objectAt(job, 'jobSpec')
  const pools = listAt(spec, 'workerPoolSpecs')
    .filter(isJsonObject)
    .filter((pool) => Object.keys(pool).length > 0)
  const [pool] = pools
  if (pool === undefined) return 'is a custom job without a worker pool'
  if (pools.length > 1) return `is a custom job of ${pools.length} worker pools`
  const replicas = Number(pool['replicaCount'] ?? 1)
  if (replicas > 1) return `is a custom job of ${replicas} replicas`
  const resources = resourcesOf(objectAt(pool, 'machineSpec'))
  const base = textAt(objectAt(spec, 'baseOutputDirectory'), 'outputUriPrefix')
  const outputs = outputVariables(base === '' ? '' : local(base))
  const outputFolder = base === '' ? {} : { outputFolder: { uri: base, path: local(base) } }
  const container = objectAt(pool, 'containerSpec')
  if (textAt(container, 'imageUri') !== '')
    return {
      kind: 'container',
      image: textAt(container, 'imageUri'),
      command: listAt(container, 'command'),
      args: listAt(container, 'args'),
      env: { ...outputs, ...environmentOf(container['env']) },
      resources,
      packages: [],
      ...outputFolder,
    }
  const python = objectAt(pool, 'pythonPackageSpec')
  if (textAt(python, 'pythonModule') === '')
    return 'is a custom job whose worker has neither a container nor a Python package'
  const packages = listAt(python, 'packageUris').map((uri) => local(String(uri)))
  return {
    kind: 'container',
    image: textAt(python, 'executorImageUri'),
    command: packageCommand(textAt(python, 'pythonModule'), packages),
    args: listAt(python, 'args'),
    env: { ...outputs, ...environmentOf(python['env']) },
    resources,
    packages,
    ...outputFolder,
  }
}
