import type { NativeComponent } from './component.ts'
import { taskOutputs } from './outputs.ts'

const image = /(^|\/)argostub\/(createpvc|deletepvc)(?=$|[:@])/

/**
 * kfp's CreatePVC and DeletePVC: their image is a stub that no cluster ever runs, Kubeflow's driver makes the claim
 * itself. There are no volumes here, so the claim is a name and a line in the log; tasks that mount it are told of
 * that where they stand.
 */
export const findVolumeComponent = (name: string): NativeComponent | undefined => {
  const stub = image.exec(name)?.[2]
  return stub === 'createpvc' ? createVolumeClaim : stub === 'deletepvc' ? deleteVolumeClaim : undefined
}

const createVolumeClaim: NativeComponent = async (call) => {
  const { pvc_name: name, pvc_name_suffix: suffix } = call.task.inputs.parameters
  const id = call.job.resourceName.slice(call.job.resourceName.lastIndexOf('/') + 1)
  const claim = typeof name === 'string' && name !== '' ? name : `${id}${typeof suffix === 'string' ? suffix : ''}`
  call.log(`No volume is made on this machine: the claim ${claim} is a name only`)
  return taskOutputs(call, {}, { name: claim })
}

const deleteVolumeClaim: NativeComponent = async (call) => {
  call.log(
    `There is no volume on this machine: the claim ${String(call.task.inputs.parameters['pvc_name'])} needs no end`,
  )
  return taskOutputs(call, {})
}
