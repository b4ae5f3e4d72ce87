import { manifestsFolder } from '../../domain/manifest-file.ts'
import type { ManifestFiles } from '../../domain/ports/data.ts'
import { createManifestFolder } from './manifest-folder.ts'

export interface ManifestPlaces {
  /** For the runs of this machine. */
  readonly folder: string
  readonly isLocal: (target: string) => boolean
  /** The beginning of the addresses that the runs of another target read; undefined where it has none. */
  readonly bucketOf: (target: string) => string | undefined
  readonly putFile: (uri: string, text: string, signal: AbortSignal) => Promise<void>
}

/** Manifests where the runs of each target can read them: files of this machine, or of a bucket. */
export const createManifests = ({ folder, isLocal, bucketOf, putFile }: ManifestPlaces): ManifestFiles => {
  const local = createManifestFolder(folder, isLocal)
  return {
    address: (target, name) => {
      const bucket = bucketOf(target)
      return bucket === undefined
        ? local.address(target, name)
        : `${bucket.replace(/\/+$/, '')}/${manifestsFolder}/${name}`
    },
    write: (address, text, signal) =>
      address.startsWith('file:') ? local.write(address, text, signal) : putFile(address, text, signal),
  }
}
