import type { Decisions } from '../../domain/decisions.ts'
import { Fault } from '../../domain/errors.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Release } from '../../domain/release.ts'
import { record } from './ask-run.ts'
import { type DecisionPorts, repositoryOf } from './decision-ports.ts'

/** Releases of one model to one environment that are looked through for a version; there is one live. */
const looksBack = 200

/** Somebody who watches a model tells that it drifted or got worse. Which release is spoken of is written down with it. */
export const createTell =
  (ports: DecisionPorts): Decisions['tell'] =>
  async (person, { repository: place, key, version, ...news }) => {
    if (!person.groups.some((group) => group === 'operators' || group === 'monitors'))
      throw new Fault('forbidden', `${person.name} may not tell of ${news.kind}`, {
        remedy: `Add ${person.name} to the group monitors in the server's config.`,
      })
    const repository = repositoryOf(ports, { repository: place })
    const { kind, environment, model, metric, at } = news
    const about = await releaseOf(ports.store, { repository, model, environment }, version)
    const told = key ?? `${environment}:${model}:${version === undefined ? '' : `${version}:`}${metric}:${at}`
    const cause = about === undefined ? news : { ...news, ...aboutOf(about) }
    const { id, duplicate } = await record(ports, repository, person, cause, `${kind}:${told}`)
    return { repository, change: id, duplicate }
  }

const aboutOf = ({ id, run, registered, candidate }: Release) => ({
  version: (registered ?? candidate).version,
  release: id,
  run,
})

/** The release that brought the version that is told of, or what is live. */
const releaseOf = async (
  store: Store,
  where: { readonly repository: string; readonly model: string; readonly environment: string },
  version: string | undefined,
): Promise<Release | undefined> => {
  if (version === undefined) return (await store.list('release', { ...where, state: 'live' }, 1))[0]
  const served = (await store.list('release', { ...where, state: ['live', 'retired'] }, looksBack)).filter(
    ({ registered }) => registered !== null,
  )
  const found = served.find(({ registered }) => registered?.version === version)
  if (found !== undefined) return found
  const { model, environment } = where
  const known = [...new Set(served.map(({ registered }) => registered?.version))].slice(0, 5).join(', ')
  throw new Fault('not_found', `Winnow brought no version ${version} of ${model} to ${environment}`, {
    remedy: known === '' ? 'Leave out the version: Winnow has brought none there.' : `It brought ${known}.`,
  })
}
