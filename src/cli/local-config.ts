import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { stringify } from 'yaml'

export interface LocalSetup {
  readonly file: string
  readonly port: number
  /** Of the controller: store, token, platform. */
  readonly dataFolder: string
  /** The repository's name, the bare repository that is pushed to, and where its relative `file:` addresses start. */
  readonly repository: string
  readonly remote: string
  readonly secretFile: string
  readonly dataRoot: string
  readonly environments: readonly string[]
  /** Patterns of its winnow.yaml; without them the one at the root. */
  readonly declarations?: readonly string[]
  /** gs:// and bq:// addresses → local files. */
  readonly addresses: Readonly<Record<string, string>>
}

/** Writes the controller's config for one repository of this machine with everything embedded. */
export const writeLocalConfig = async (setup: LocalSetup): Promise<void> => {
  const config = {
    version: 1,
    listen: { host: '127.0.0.1', port: setup.port },
    dataFolder: setup.dataFolder,
    repositories: {
      [setup.repository]: {
        host: 'git',
        url: pathToFileURL(setup.remote).href,
        secrets: [{ file: setup.secretFile }],
        targets: ['local'],
        environments: setup.environments,
        dataRoot: setup.dataRoot,
        ...(setup.declarations === undefined ? {} : { declarations: setup.declarations }),
      },
    },
    targets: { local: { kind: 'local' } },
    platform: { addresses: setup.addresses },
  }
  await mkdir(dirname(setup.file), { recursive: true })
  await writeFile(setup.file, stringify(config))
}
