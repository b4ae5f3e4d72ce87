import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bareRepository, git } from '../test/hosts/git-repositories.ts'
import { gatherPipeline, type MorePipelines, trainPipeline, winnowYaml } from './pipelines.ts'

/** Of so many events one may be the release of a tag that is there. */
export const releaseEvery = 10

/** A real repository with the commits that pushes tell of. */
export interface GitGround {
  readonly folder: string
  readonly url: string
  /** Each trains with other parameters; `main` stands at the last one, `pool/<n>` at each. */
  readonly good: readonly string[]
  /** Its winnow.yaml has a fault. */
  readonly broken: string
  /** What a push does. */
  readonly setRef: (ref: string, commit: string) => Promise<void>
}

interface Commit {
  readonly branch: string
  readonly files: Readonly<Record<string, string>>
}

export interface GitGroundOptions {
  readonly commits: number
  /** How many events will be told of it; some are releases, whose tags have to be there. */
  readonly events: number
  /** Beside the pipeline that trains. */
  readonly more?: MorePipelines
  /** Other files, by path. */
  readonly files?: Readonly<Record<string, string>>
}

/** The same options make the same hashes each time. */
export const layGitGround = async (
  folder: string,
  { commits, events, more, files: others }: GitGroundOptions,
): Promise<GitGround> => {
  await bareRepository(folder)
  const files = (step: number) => ({
    ...others,
    'pipeline.json': trainPipeline,
    'gather.json': gatherPipeline,
    'winnow.yaml': winnowYaml(step, more),
  })
  const good: readonly Commit[] = Array.from({ length: commits }, (_, i) => ({ branch: `pool/${i}`, files: files(i) }))
  const broken = {
    branch: 'broken',
    files: { ...files(0), 'winnow.yaml': 'version: 1\npipelines: {train: {irr: x}}\n' },
  }
  const hashes = await importCommits(folder, [...good, broken], { head: commits - 1, releases: events / releaseEvery })
  return {
    folder,
    url: pathToFileURL(folder).href,
    good: hashes.slice(0, -1),
    broken: hashes.at(-1) as string,
    setRef: async (ref, commit) => void (await git(folder, ['update-ref', ref, commit])),
  }
}

/** Writes them with git's own importer, one after the other; `main` and the tags of releases are at `head`. */
const importCommits = async (
  folder: string,
  commits: readonly Commit[],
  { head, releases }: { readonly head: number; readonly releases: number },
): Promise<readonly string[]> => {
  const marks = join(folder, 'marks')
  const child = spawn('git', ['-C', folder, 'fast-import', '--quiet', `--export-marks=${marks}`], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`
  const lines = commits.map(
    ({ branch, files }, i) =>
      `commit refs/heads/${branch}\nmark :${i + 1}\ncommitter Grower <grower@example.org> ${1_700_000_000 + i} +0000\n` +
      data(`Commit ${i}`) +
      (i === 0 ? '' : `from :${i}\n`) +
      Object.entries(files)
        .map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`)
        .join(''),
  )
  const tags = Array.from({ length: Math.ceil(releases) }, (_, i) => `refs/tags/r${i * releaseEvery}`)
  const resets = ['refs/heads/main', ...tags].map((ref) => `reset ${ref}\nfrom :${head + 1}\n`)
  child.stdin.end(`${lines.join('')}${resets.join('')}done\n`)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`)
  await git(folder, ['pack-refs', '--all'])
  const known = new Map(
    (await readFile(marks, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  )
  return commits.map((_, i) => known.get(`:${i + 1}`) as string)
}
