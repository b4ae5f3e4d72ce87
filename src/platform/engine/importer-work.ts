import type { ReadyTask, RuntimeArtifact } from '../../pipelines/execution.ts'
import type { Addresses } from '../addresses.ts'
import { neverCached, type Work } from './work.ts'

type Importer = Extract<ReadyTask['executor'], { kind: 'importer' }>

/** Buckets and tables: an import of one must lead somewhere here. Other addresses (a model's, a web page's) just are. */
const needsPlace = /^(gs|s3|minio|bq|file):|^\//

/** The artifact that an importer makes. Its address is kept as it was written; tasks get the path that it leads to. */
export const importerWork = ({ uri, type, metadata }: Importer, addresses: Addresses): Work => ({
  basis: neverCached('an importer does no work'),
  run: async ({ task, layout }) => {
    if (needsPlace.test(uri)) addresses.resolve(uri)
    const [output = 'artifact'] = Object.keys(task.outputs.artifacts)
    const artifact: RuntimeArtifact = { name: layout.artifactName(output), uri, type, metadata }
    return { parameters: {}, artifacts: { [output]: [artifact] } }
  },
})
