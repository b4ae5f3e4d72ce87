/** Whether an address of a source, `gs://bucket/prefix/` or `bq://project.dataset`, contains that of an object. */
export const containsAddress = (address: string, uri: string): boolean =>
  address.startsWith('bq:') ? uri === address || uri.startsWith(`${address}.`) : uri.startsWith(address)

/** The beginning of the addresses that each kind of source has; one of `events` may have any of them. */
export const schemesOfKind = {
  gcs: ['gs://'],
  s3: ['s3://'],
  bigquery: ['bq://'],
  events: ['gs://', 's3://', 'bq://'],
} as const satisfies Record<string, readonly string[]>
export type SourceKind = keyof typeof schemesOfKind
