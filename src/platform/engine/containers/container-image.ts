import type { Digest } from '../../../domain/digest.ts'
import { Fault } from '../../../domain/errors.ts'
import { lastWord } from './container-client.ts'
import type { ContainerRuntime } from './find-runtime.ts'

export interface ContainerImage {
  /** What is run: the very image that was found, whatever its tag comes to mean. */
  readonly id: string
  /** The registry's digest where the image came from one, else the image's own. */
  readonly digest: Digest
}

const digestPattern = /sha256:[0-9a-f]{64}/

/** Finds images by name, pulling those that are not here. One pull serves all tasks that wait for it. */
export interface ImageShelf {
  /** Fault `image_unavailable` in one line where it cannot be had. */
  find(image: string, signal: AbortSignal, log: (line: string) => void): Promise<ContainerImage>
}

/** An image that is named by its digest cannot have changed, and is not asked for again. */
const isPinned = (image: string): boolean => image.includes('@sha256:')

export const createImageShelf = ({ client, program }: ContainerRuntime): ImageShelf => {
  const pulls = new Map<string, Promise<string | null>>()

  const inspect = async (image: string): Promise<ContainerImage | undefined> => {
    const answer = await client(['image', 'inspect', '--format', '{{.Id}} {{json .RepoDigests}}', image])
    if (answer.exitCode !== 0) return undefined
    const [id = '', ...digests] = answer.stdout.trim().split(' ')
    const own = id.startsWith('sha256:') ? id : `sha256:${id}`
    return { id: own, digest: (digestPattern.exec(digests.join(' '))?.[0] ?? own) as Digest }
  }

  /** Null when the image is here; else why not. Not ended with the task that asked first: others may wait for it. */
  const pull = (image: string, log: (line: string) => void): Promise<string | null> => {
    const known = pulls.get(image)
    if (known !== undefined) return known
    const work = async (): Promise<string | null> => {
      log(`${program} pulls ${image}`)
      const answer = await client(['pull', '--quiet', image], { timeoutMs: pullMs })
      if (answer.exitCode === 0) return null
      return answer.timedOut ? `no end after ${pullMs / 60_000} minutes` : lastWord(answer)
    }
    const pulling = work().finally(() => pulls.delete(image))
    pulls.set(image, pulling)
    return pulling
  }

  return {
    async find(image, signal, log) {
      const here = await inspect(image)
      if (here !== undefined && (isPinned(image) || !isMoving(image))) return here
      const refused = await untilAborted(pull(image, log), signal)
      const found = await inspect(image)
      if (found !== undefined) {
        if (refused !== null) log(`${image} is taken as it is here, as it could not be pulled: ${refused}`)
        return found
      }
      throw new Fault('image_unavailable', `The image ${image} cannot be pulled: ${refused ?? 'it is not there'}`, {
        remedy: `check its name, that its registry can be reached, and that ${program} may read it (${program} login)`,
        retryable: true,
      })
    },
  }
}

const pullMs = 30 * 60_000

/** Tags that are meant to move are asked for at every task; others once, as Kubernetes does. */
const isMoving = (image: string): boolean => {
  const name = image.slice(image.lastIndexOf('/') + 1)
  return !name.includes(':') || name.endsWith(':latest')
}

const untilAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
