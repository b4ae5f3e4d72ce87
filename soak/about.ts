const short = (hash: string): string => (/^0+$/.test(hash) ? '0' : hash.slice(0, 12))

/** What a change says, in one line: the senders write it of what they sent, the ledger's reader of what was recorded. */
export const aboutPush = (ref: string, before: string, commit: string): string =>
  `push ${ref} ${short(before)}..${short(commit)}`

export const aboutPullRequest = (number: number, action: string, commit: string): string =>
  `pull request ${number} ${action} ${short(commit)}`

export const aboutRelease = (ref: string, action: string): string => `release ${ref} ${action}`

/** `generation` where the sender knows it before it sends: a folder's is the file system's. */
export const aboutData = (uri: string, event: 'written' | 'deleted' = 'written', generation = ''): string =>
  `data ${uri}${generation === '' ? '' : `#${generation}`} ${event}`

/** An object at a generation, as manifests have it. */
export const objectKey = (uri: string, generation: string): string =>
  uri.startsWith('file:') ? uri : `${uri}#${generation}`

export const aboutRequest = (pipeline: string, by: string, parameters: unknown): string =>
  `request ${pipeline} by ${by} with ${JSON.stringify(parameters)}`

export const aboutTick = (pipeline: string, cron: string, timezone: string, slot: number): string =>
  `tick of ${pipeline}, ${cron} ${timezone}, ${new Date(slot).toISOString()}`

export const aboutWorsened = (kind: string, model: string, environment: string, metric: string, at: number): string =>
  `${kind} of ${model} in ${environment}: ${metric} at ${at}`

/** A run of a pipeline succeeded that another one waits for; `cause` says what that run was for. */
export const aboutUpstream = (pipeline: string, cause: string): string => `${pipeline} succeeded, for ${cause}`
