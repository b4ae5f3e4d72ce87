import { type Batch, type DataObject, manifestOf } from './batch.ts'
import { type Digest, digestJson, shortDigest } from './digest.ts'
import type { Json } from './json.ts'

/** What a pipeline's `manifest` parameter leads to: everything that is known of each object of the run. */
export interface ManifestFile {
  readonly version: 1
  readonly repository: string
  readonly pipeline: string
  readonly batch: number
  readonly key: string
  /** Of the objects, as in the run's identity and the verdict's receipt. */
  readonly digest: Digest
  readonly objects: readonly DataObject[]
}

export const manifestFileOf = (
  { id, repository, pipeline, key }: Pick<Batch, 'id' | 'repository' | 'pipeline' | 'key'>,
  objects: readonly DataObject[],
): ManifestFile => ({ version: 1, repository, pipeline, batch: id, key, ...manifestOf(objects) })

/** Named by what is in it, so that writing it twice writes the same. */
export const manifestFileName = (file: ManifestFile): string =>
  `${file.pipeline}-${shortDigest(digestJson(file as unknown as Json))}.json`

/** The folder of a bucket that manifests lie in. */
export const manifestsFolder = 'winnow-manifests'

/** Whether an address of a bucket is that of a manifest: told of as data it would start the next run, and that another. */
export const isManifestFile = (uri: string): boolean =>
  /^(?:gs|s3):.*\/winnow-manifests\/[^/]+-[0-9a-f]{16}\.json$/s.test(uri)

export const manifestText = (file: ManifestFile): string => `${JSON.stringify(file, null, 2)}\n`
