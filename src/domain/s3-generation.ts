/**
 * The generation of an object in a store that speaks S3: its version, or, where the bucket keeps none, its ETag with its
 * size. A poll, a look at one object and a notification all say the same.
 */
export const s3Generation = (object: {
  readonly versionId?: string | undefined
  readonly etag: string
  readonly size: number
}): string => {
  const { versionId, etag, size } = object
  return versionId === undefined || versionId === 'null' || versionId === ''
    ? `${unquotedEtag(etag)}:${size}`
    : versionId
}

/** ETags come with and without their quotes. */
export const unquotedEtag = (etag: string): string => etag.replaceAll('"', '')
