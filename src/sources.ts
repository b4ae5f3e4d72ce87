import { createSourceByAddress, createSourceReader } from './adapters/sources/by-address.ts'
import { createFolderSource } from './adapters/sources/folder.ts'
import { createPubsubSubscription } from './adapters/sources/pubsub.ts'
import type { Config, Secrets } from './config.ts'
import type { DataSource } from './domain/ports/data.ts'
import type { AskedSource } from './workers/loops/ask-sources.ts'

export interface Sources {
  /** What a repository may read: its folders, and the sources that name it. */
  readonly of: (repository: string) => DataSource
  readonly asked: readonly AskedSource[]
}

/** The sources of data that the config names. Nothing is asked before somebody needs it. */
export const openSources = (config: Config, secrets: Secrets): Sources => {
  const asked = Object.entries(config.sources).map(([name, source]): AskedSource => {
    const { addresses, repositories, poll, pull, endpoint, region } = source
    const subscriptionOf = (subscription: string | undefined) =>
      subscription === undefined ? undefined : createPubsubSubscription({ subscription, endpoint: pull?.endpoint })
    return {
      name,
      addresses,
      repositories,
      reader: createSourceReader({ endpoint, region, credentials: secrets.sources[name]?.credentials }),
      poll,
      pull: subscriptionOf(pull?.subscription),
      deadLetters: subscriptionOf(pull?.deadLetters),
    }
  })
  return {
    asked,
    of: (repository) =>
      createSourceByAddress(
        createFolderSource({ base: config.repositories[repository]?.dataRoot ?? config.dataFolder }),
        asked.filter(({ repositories }) => repositories.includes(repository)),
      ),
  }
}
