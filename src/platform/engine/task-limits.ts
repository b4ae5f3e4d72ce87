import { Fault, isFault } from '../../domain/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { resolveContainerArguments } from '../../pipelines/container-arguments.ts'
import type { PlaceholderScope } from '../../pipelines/placeholders.ts'

/** What one task may take of the machine. */
export interface TaskLimits {
  readonly cpus?: number
  readonly memoryBytes?: number
  /** `1 NVIDIA_TESLA_T4`: what it asks for and this machine does not give. */
  readonly accelerator?: string
}

const units: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** A Kubernetes quantity, `500m` or `2Gi`; undefined for what is none, or is not above zero. */
export const quantity = (text: string): number | undefined => {
  const [, digits, unit = ''] = /^(\d+(?:\.\d*)?(?:e\d+)?|\.\d+)([a-zA-Z]{0,2})$/.exec(text.trim()) ?? []
  const factor = units[unit]
  const value = digits === undefined || factor === undefined ? 0 : Number(digits) * factor
  return value > 0 ? value : undefined
}

type Resolve = (text: string) => string

/** The newer field is a quantity, which may hold a placeholder; the older is a number in a unit of its own. */
const limit = (resources: JsonObject, newer: string, older: string, unit: number, resolve: Resolve) => {
  const text = resources[newer]
  if (typeof text === 'string' && text !== '') {
    const resolved = resolve(text)
    const value = quantity(resolved)
    if (value !== undefined) return value
    throw new Fault('pipeline_invalid', `its limit ${newer} is ${JSON.stringify(resolved)}, which is no quantity`, {
      remedy: 'write it as Kubernetes does: 500m or 4 for processors, 512M or 4Gi for memory',
    })
  }
  const value = resources[older]
  return typeof value === 'number' && value > 0 ? value * unit : undefined
}

const acceleratorOf = (resources: JsonObject, resolve: Resolve): string | undefined => {
  const asked: Json | undefined = resources['accelerator']
  if (!isJsonObject(asked)) return undefined
  const { type, count, resourceType, resourceCount } = asked
  const name = typeof resourceType === 'string' ? resolve(resourceType) : type
  if (typeof name !== 'string' || name === '') return undefined
  const number = typeof resourceCount === 'string' ? resolve(resourceCount) : String(count ?? 1)
  return `${number} ${name}`
}

/**
 * The limits in a container's `resources`: `resourceCpuLimit`, `resourceMemoryLimit`, or the older `cpuLimit` in cores
 * and `memoryLimit` in GB. Fault `pipeline_invalid` for one that cannot be read.
 */
export const taskLimits = (resources: JsonObject, resolve: Resolve = (text) => text): TaskLimits => {
  const cpus = limit(resources, 'resourceCpuLimit', 'cpuLimit', 1, resolve)
  const memory = limit(resources, 'resourceMemoryLimit', 'memoryLimit', 1e9, resolve)
  const accelerator = acceleratorOf(resources, resolve)
  return {
    ...(cpus === undefined ? {} : { cpus }),
    ...(memory === undefined ? {} : { memoryBytes: Math.ceil(memory) }),
    ...(accelerator === undefined ? {} : { accelerator }),
  }
}

/** The limits of a task, which may come from its inputs. */
export const limitsIn = (task: string, resources: JsonObject, scope: PlaceholderScope): TaskLimits => {
  try {
    return taskLimits(resources, (text) => resolveContainerArguments([text], scope).join(''))
  } catch (fault) {
    if (!isFault(fault)) throw fault
    throw new Fault(fault.code, `${task}: ${fault.message}`, {
      cause: fault,
      ...(fault.remedy === undefined ? {} : { remedy: fault.remedy }),
    })
  }
}
