import { expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { findNativeComponent } from '../../src/platform/components/catalogue.ts'
import { openWorkshop } from '../engine/workshop.ts'

const optional = (name: string) => ({ [name]: { parameterType: 'STRING', isOptional: true } })

/** As kfp-kubernetes compiles CreatePVC, a task that reads the claim's name, and DeletePVC. */
const spec = (given: JsonObject): JsonObject => ({
  schemaVersion: '2.1.0',
  sdkVersion: 'kfp-2.17.0',
  pipelineInfo: { name: 'claims' },
  root: {
    outputDefinitions: { parameters: { claim: { parameterType: 'STRING' } } },
    dag: {
      outputs: {
        parameters: { claim: { valueFromParameter: { producerSubtask: 'make', outputParameterKey: 'name' } } },
      },
      tasks: {
        make: { componentRef: { name: 'make' }, taskInfo: { name: 'make' }, inputs: { parameters: given } },
        drop: {
          componentRef: { name: 'drop' },
          taskInfo: { name: 'drop' },
          dependentTasks: ['make'],
          inputs: {
            parameters: { pvc_name: { taskOutputParameter: { producerTask: 'make', outputParameterKey: 'name' } } },
          },
        },
      },
    },
  },
  components: {
    make: {
      executorLabel: 'make',
      inputDefinitions: { parameters: { ...optional('pvc_name'), ...optional('pvc_name_suffix') } },
      outputDefinitions: { parameters: { name: { parameterType: 'STRING' } } },
    },
    drop: { executorLabel: 'drop', inputDefinitions: { parameters: { pvc_name: { parameterType: 'STRING' } } } },
  },
  deploymentSpec: {
    executors: {
      make: { container: { image: 'argostub/createpvc' } },
      drop: { container: { image: 'argostub/deletepvc' } },
    },
  },
})

it.each<[JsonObject, string]>([
  [{ pvc_name: { runtimeValue: { constant: 'silo' } } }, 'silo'],
  [{ pvc_name_suffix: { runtimeValue: { constant: '-silo' } } }, 'claims-1-silo'],
])('a volume claim is a name here: %j', async (given, claim) => {
  await using workshop = await openWorkshop({ findNative: findNativeComponent })
  await workshop.startSpec('claims-1', spec(given))
  const view = await workshop.ended('claims-1')
  expect(view).toMatchObject({ state: 'succeeded', outputs: { parameters: { claim } } })
})

it('an image of another name without a command is none of these', () => {
  expect(findNativeComponent('argostub/createpvcs', [], [])).toBeUndefined()
  expect(findNativeComponent('docker.io/argostub/deletepvc:v1', [], [])).toBeDefined()
})
