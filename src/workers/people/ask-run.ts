import { matchesAny } from '../../declarations/glob.ts'
import type { PipelineDeclaration } from '../../declarations/winnow-yaml.ts'
import type { Person } from '../../domain/approval.ts'
import { type ChangeCause, justRecorded } from '../../domain/change.ts'
import type { Decisions, RunWanted } from '../../domain/decisions.ts'
import { digestJson } from '../../domain/digest.ts'
import { Fault } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { nearestName } from '../../domain/nearest-name.ts'
import { count, declarationFile, readDeclaration, readProtectedDeclaration } from '../declaration/declaration.ts'
import { type DecisionPorts, repositoryOf } from './decision-ports.ts'

/** Pushes of a branch that a commit is looked for among. */
const pushesLookedThrough = 1_000
const longestParameters = 64 * 1024

/** A person asks for a run. What can be checked before it is compiled is checked now, so that the person is told. */
export const createAsk =
  (ports: DecisionPorts): Decisions['ask'] =>
  async (person, wanted, signal) => {
    const repository = repositoryOf(ports, wanted)
    const { declaration, commit: head } = await readProtectedDeclaration(ports, repository, signal)
    if (!declaration.ok)
      throw new Fault(
        'declaration_invalid',
        `The protected branch of ${repository} starts nothing: ${declaration.reason}`,
        {
          details: declaration.faults,
          remedy: `Correct ${declarationFile} there.`,
        },
      )
    const pipeline = named(repository, wanted.pipeline, declaration.value.pipelines)
    const size = JSON.stringify(wanted.parameters ?? {}).length
    if (size > longestParameters)
      throw new Fault(
        'usage',
        `The parameters have ${size} characters, more than the ${longestParameters} that are taken`,
      )
    const commit = await commitFor(ports, repository, wanted, pipeline, signal)
    if (commit !== undefined) await mustDeclareIt(ports, repository, commit, wanted.pipeline, signal)
    const cause = {
      kind: 'request',
      pipeline: wanted.pipeline,
      by: person.name,
      ...(wanted.parameters === undefined ? {} : { parameters: wanted.parameters }),
      ...(commit === undefined ? {} : { commit }),
      ...(wanted.fresh === true ? { fresh: true } : {}),
    } as const
    const { id, duplicate } = await record(ports, repository, person, cause, wanted.key)
    return { repository, change: id, duplicate, commit: commit ?? head }
  }

export const record = async (
  { store, now }: DecisionPorts,
  repository: string,
  { name }: Person,
  cause: ChangeCause,
  key: string | undefined,
): Promise<{ readonly id: number; readonly duplicate: boolean }> => {
  const receivedAt = now()
  const bodyDigest = digestJson({ repository, cause: cause as unknown as Json })
  // Without a key of the person's own, the same wish at the same moment is one.
  const dedupeKey = `api:${repository}:${name}:${key ?? `${receivedAt}:${bodyDigest}`}`
  const row = { repository, cause, sender: 'api', author: name, dedupeKey, bodyDigest, receivedAt, ...justRecorded }
  const { change, duplicate } = await store.recordChange(row)
  return { id: change.id, duplicate }
}

const named = (repository: string, name: string, pipelines: readonly PipelineDeclaration[]): PipelineDeclaration => {
  const pipeline = pipelines.find((one) => one.name === name)
  if (pipeline !== undefined) return pipeline
  const names = pipelines.map((one) => one.name)
  const near = nearestName(name, names)
  throw new Fault(
    'not_found',
    `${repository} has no pipeline ${name}${near === undefined ? '' : `, did you mean ${near}?`}`,
    {
      remedy: `Its pipelines are ${names.join(', ')}.`,
    },
  )
}

/**
 * The commit that was asked for, if it is one of the protected branch or of a branch whose pushes start the pipeline
 * anyway: the branch's head, or a commit that was pushed to it. Undefined for the protected branch's head.
 */
const commitFor = async (
  ports: DecisionPorts,
  repository: string,
  { branch, commit }: RunWanted,
  { name, on }: PipelineDeclaration,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const { store, host, bounds } = ports
  const protectedBranch = bounds(repository)?.defaultBranch ?? 'main'
  const isAllowed = (one: string): boolean => one === protectedBranch || matchesAny(on.push?.branches ?? [], one)
  if (branch !== undefined) {
    if (!isAllowed(branch))
      throw new Fault('forbidden', `No push to ${branch} starts ${name}, so nobody may ask for it there`, {
        remedy: `Ask for ${protectedBranch}, or name the branch under on.push.branches on ${protectedBranch}.`,
      })
    if (commit === undefined) return host.head(repository, branch, signal)
  }
  if (commit === undefined) return undefined
  const heads = (await host.refs(repository, signal)).flatMap(({ ref, commit: at }) =>
    ref.startsWith('refs/heads/') ? [{ branch: ref.slice('refs/heads/'.length), at }] : [],
  )
  const asked = heads.filter((one) => isAllowed(one.branch) && (branch === undefined || one.branch === branch))
  if (asked.some(({ at }) => at === commit)) return commit
  for (const one of asked) {
    const pushes = await store.list('change', { repository, ref: `refs/heads/${one.branch}` }, pushesLookedThrough)
    if (pushes.some(({ cause }) => cause.kind === 'push' && cause.commit === commit)) return commit
  }
  throw new Fault('forbidden', `${commit.slice(0, 12)} was not pushed to a branch that ${name} may be asked for`, {
    remedy: `Ask for a commit that was pushed to ${asked.map((one) => one.branch).join(', ') || protectedBranch}.`,
  })
}

const mustDeclareIt = async (
  ports: DecisionPorts,
  repository: string,
  commit: string,
  name: string,
  signal: AbortSignal,
): Promise<void> => {
  const declaration = await readDeclaration(ports, repository, commit, signal)
  if (!declaration.ok)
    throw new Fault('declaration_invalid', `${commit.slice(0, 12)} starts nothing: ${declaration.reason}`, {
      details: declaration.faults,
    })
  if (!declaration.value.pipelines.some((one) => one.name === name))
    throw new Fault('not_found', `${commit.slice(0, 12)} declares no pipeline ${name}`, {
      remedy: `It declares ${count(declaration.value.pipelines.length, 'other pipeline')}.`,
    })
}
