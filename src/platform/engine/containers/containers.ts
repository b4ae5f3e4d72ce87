import { type ContainerRuntime, findRuntime, type RuntimeMissing } from './find-runtime.ts'

/** `auto`: docker or podman, the first that answers. `host`: commands without their images, on this machine. */
export type ContainerMode = 'auto' | 'docker' | 'podman' | 'host' | 'refuse'

/** How plain container components are run on this machine. */
export type Containers = 'host' | 'refuse' | ContainerRuntime | RuntimeMissing

export const openContainers = async (mode: ContainerMode): Promise<Containers> => {
  if (mode === 'host' || mode === 'refuse') return mode
  return findRuntime(mode === 'auto' ? ['docker', 'podman'] : [mode])
}

/** Why a container with or without a command cannot be run in this way; undefined where it can. */
export const refusalOf = (containers: Containers, hasCommand: boolean): string | undefined => {
  if (containers === 'refuse') return 'containers are refused here'
  if (containers === 'host') return hasCommand ? undefined : 'only docker or podman can run the entry point of an image'
  return containers.kind === 'missing' ? containers.reason : undefined
}

/** What to do where containers cannot be run in this way. */
export const remedyOf = (containers: Containers): string =>
  containers === 'host'
    ? 'Give the component a command, install docker or podman and leave containers: host out, or run this pipeline on Vertex AI or Kubeflow.'
    : 'Install docker or podman, or set containers: host (pipeline run --containers host) to run such commands directly on this machine, without their images; or run this pipeline on Vertex AI or Kubeflow.'
