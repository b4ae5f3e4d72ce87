import type { JsonObject } from '../../domain/json.ts'
import { checkJobParameters } from '../../pipelines/parameters.ts'
import { checkPipelineSpec } from '../../pipelines/parse-pipeline.ts'
import type { Addresses } from '../addresses.ts'
import { leftOut } from '../engine/platform-wishes.ts'
import { timestampOf } from '../resources.ts'
import { statusError } from '../status.ts'
import type { Experiments } from './experiments.ts'
import { fieldOf, objectField, requiredField, textField } from './fields.ts'
import { newUuid } from './ids.ts'
import { irOfStruct, pipelineNameOf } from './pipeline-source.ts'
import type { PipelineVersions } from './pipeline-versions.ts'
import type { Run } from './show-run.ts'

export interface NewRunPorts {
  readonly experiments: Experiments
  readonly versions: PipelineVersions
  readonly addresses: Addresses
  /** `projects/P/locations/L` */
  readonly parent: string
  readonly now: () => number
}

interface Source {
  readonly ir: JsonObject
  /** `PIPELINE_ID/VERSION_ID`, or ''. */
  readonly version: string
}

const sourceOf = (body: JsonObject, versions: PipelineVersions): Source => {
  const struct = objectField(body, 'pipeline_spec')
  const reference = objectField(body, 'pipeline_version_reference')
  if ((struct === undefined) === (reference === undefined))
    throw statusError('INVALID_ARGUMENT', 'A run needs either a pipeline_spec or a pipeline_version_reference')
  if (struct !== undefined) return { ir: irOfStruct(struct), version: '' }
  const found = versions.find(
    requiredField(reference ?? {}, 'pipeline_id', 'pipeline_version_reference.pipeline_id'),
    textField(reference ?? {}, 'pipeline_version_id', 'pipeline_version_reference.pipeline_version_id'),
  )
  return { ir: found.ir, version: found.name }
}

/** The pipeline root, and what is to be told of it. One that was compiled in is only a wish: it was made elsewhere. */
const rootOf = (
  config: JsonObject,
  ir: JsonObject,
  addresses: Addresses,
): { root: string; told: readonly string[] } => {
  const asked = textField(config, 'pipeline_root', 'runtime_config.pipeline_root')
  if (asked !== '') {
    addresses.resolve(asked)
    return { root: asked, told: [] }
  }
  const compiled = typeof ir['defaultPipelineRoot'] === 'string' ? ir['defaultPipelineRoot'] : ''
  if (compiled === '') return { root: '', told: [] }
  try {
    addresses.resolve(compiled)
    return { root: compiled, told: [] }
  } catch {
    return {
      root: '',
      told: [`defaultPipelineRoot ${compiled}: it leads nowhere here, artifacts go to the platform's folder`],
    }
  }
}

/**
 * A run as a client asks for it, checked, and told what of it is left out here; nothing is kept yet. Refused by
 * NOT_FOUND (experiment, version), `pipeline_invalid`, `address_unmapped` and INVALID_ARGUMENT.
 */
export const newRun = async (body: JsonObject, ports: NewRunPorts): Promise<{ run: Run; told: readonly string[] }> => {
  const { experiments, versions, addresses, parent, now } = ports
  const displayName = requiredField(body, 'display_name')
  const { ir, version } = sourceOf(body, versions)
  const config = objectField(body, 'runtime_config') ?? {}
  const parameters = objectField(config, 'parameters', 'runtime_config.parameters') ?? {}
  const spec = checkPipelineSpec(ir)
  const problems = checkJobParameters(spec, parameters)
  if (problems.length > 0)
    throw statusError(
      'INVALID_ARGUMENT',
      `The parameters do not fit the pipeline ${JSON.stringify(pipelineNameOf(ir))}: ${problems.join('; ')}`,
    )
  const { root, told } = rootOf(config, ir, addresses)
  const asked = textField(body, 'experiment_id')
  const experiment = asked === '' ? await experiments.default() : experiments.find(asked)
  if (experiment.archived)
    throw statusError(
      'FAILED_PRECONDITION',
      `The experiment ${experiment.name} is archived: unarchive it, or name another`,
    )
  const serviceAccount = textField(body, 'service_account')
  const left = [
    ...told,
    ...(serviceAccount === '' ? [] : [`service_account ${serviceAccount}: tasks run without any account`]),
    ...(fieldOf(body, 'plugins_input') === undefined ? [] : ['plugins_input: there are no plugins']),
  ]
  const id = newUuid()
  const time = timestampOf(now())
  return {
    run: {
      job: {
        name: `${parent}/pipelineJobs/${id}`,
        displayName,
        pipelineSpec: ir,
        runtimeConfig: { parameterValues: parameters, ...(root !== '' && { gcsOutputDirectory: root }) },
        state: 'PIPELINE_STATE_PENDING',
        createTime: time,
        updateTime: time,
        jobDetail: { taskDetails: [] },
      },
      record: {
        name: id,
        experimentId: experiment.name,
        description: textField(body, 'description'),
        serviceAccount,
        archived: false,
        version,
        leftOut: left,
      },
    },
    told: [...left, ...leftOut(spec)],
  }
}
