import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../domain/json.ts'
import { customJobContainer } from './custom-job.ts'

const jobOf = (...workerPoolSpecs: readonly JsonObject[]): JsonObject => ({
  displayName: 'train',
  jobSpec: { workerPoolSpecs: [...workerPoolSpecs], baseOutputDirectory: { outputUriPrefix: 'gs://bucket/out/' } },
})
const containerSpec = { imageUri: 'bread:1', command: ['bake'], args: ['--at', "{{$.inputs.parameters['heat']}}"] }

describe('customJobContainer', () => {
  it('is the container of the one worker, told where its outputs go', () => {
    const env = [{ name: 'FLOUR', value: 'rye' }]
    const machineSpec = { machineType: 'n1-standard-4', acceleratorType: 'NVIDIA_TESLA_T4', acceleratorCount: 2 }
    expect(
      customJobContainer(jobOf({ containerSpec: { ...containerSpec, env }, machineSpec, replicaCount: '1' }), (uri) =>
        uri.replace('gs://bucket', '/srv'),
      ),
    ).toMatchObject({
      kind: 'container',
      image: 'bread:1',
      command: ['bake'],
      args: ['--at', "{{$.inputs.parameters['heat']}}"],
      env: {
        AIP_MODEL_DIR: '/srv/out/model',
        AIP_CHECKPOINT_DIR: '/srv/out/checkpoints',
        AIP_TENSORBOARD_LOG_DIR: '/srv/out/logs',
        FLOUR: 'rye',
      },
      resources: { accelerator: { type: 'NVIDIA_TESLA_T4', count: '2' } },
      packages: [],
    })
  })

  it('installs a Python package and runs its module', () => {
    const pythonPackageSpec = {
      executorImageUri: 'python:1',
      packageUris: ["/srv/it's.tar.gz", '/srv/b.whl'],
      pythonModule: 'bakery.bake',
      args: ['--fast'],
    }
    const container = customJobContainer(jobOf({ pythonPackageSpec }))
    if (typeof container === 'string') throw new Error(container)
    expect(container.packages).toEqual(["/srv/it's.tar.gz", '/srv/b.whl'])
    expect(container.command.at(-1)).toBe('bakery.bake')
    expect(container.command[2]).toContain(`install --quiet '/srv/it'\\''s.tar.gz' '/srv/b.whl'`)
    expect(container.args).toEqual(['--fast'])
  })

  it.each([
    ['no pool', jobOf(), 'without a worker pool'],
    ['empty pools', jobOf({}), 'without a worker pool'],
    ['two pools', jobOf({ containerSpec }, { containerSpec }), 'of 2 worker pools'],
    ['replicas', jobOf({ containerSpec, replicaCount: 3 }), 'of 3 replicas'],
    ['nothing to run', jobOf({ machineSpec: {} }), 'neither a container nor a Python package'],
  ])('is none for %s, and says why', (_, job, reason) => {
    expect(customJobContainer(job)).toContain(reason)
  })
})
