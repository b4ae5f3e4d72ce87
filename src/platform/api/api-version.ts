/**
 * The beta's messages are read and written by v1's description: what the handlers know of them has the same numbers in
 * both. Only names are spelled otherwise, those of services and those that an Any gives.
 */
export const apiVersions = ['v1', 'v1beta1'] as const
export type ApiVersion = (typeof apiVersions)[number]

/** The name of a message or service of Vertex AI in another version; other names stay. */
export const inVersion = (name: string, version: ApiVersion): string =>
  name.replace(/^google\.cloud\.aiplatform\.v1(beta1)?\./, `google.cloud.aiplatform.${version}.`)
