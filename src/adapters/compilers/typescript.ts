import { existsSync, realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PipelineSource } from '../../domain/build.ts'
import { type Digest, digestBytes, digestJson } from '../../domain/digest.ts'
import type { CompileResult } from '../../domain/ports/compiler.ts'
import { scrubbedEnvironment } from '../../processes/run-process.ts'
import { explainRefusal, parseReport, type SourceWords } from './compile-report.ts'
import type { CompileLimits } from './compiler.ts'
import { type Run, refusal, runConfined } from './confined.ts'
import { checkedIr } from './ir.ts'
import { findRepositoryFile } from './repository-file.ts'

type TypescriptSource = Extract<PipelineSource, { kind: 'typescript' }>

const words: SourceWords = {
  name: 'winnow-ml/pipelines',
  example: 'winnow-ml',
  makesPipeline: 'make it with pipeline() of winnow-ml/pipelines',
  noPipeline: 'export what pipeline() of winnow-ml/pipelines gives',
}

const here = fileURLToPath(import.meta.url)
/** Beside this file, as source or as what it was built to. */
const script = join(dirname(here), `compile-typescript${extname(here)}`)
/** src/ or dist/. */
const installation = fileURLToPath(new URL('../../', import.meta.url))

/** Our sources decide what a compile gives; a change of the library that matters raises compilerVersion. */
export const fingerprintTypescript = async (): Promise<Digest> =>
  digestJson({ compiler: 'typescript', script: digestBytes(await readFile(script)), node: process.versions.node })

/** Where Node looks for packages from a folder: its node_modules and those of the folders above. */
const packageFolders = (folder: string): readonly string[] => {
  const above = dirname(folder)
  const own = [join(folder, 'node_modules'), join(folder, 'package.json')]
  return above === folder ? own : [...own, ...packageFolders(above)]
}

/** Our own folder of packages may be a link, and Node asks for the place itself. */
const realPaths = (paths: readonly string[]): readonly string[] => [
  ...new Set(paths.flatMap((path) => (existsSync(path) ? [path, realpathSync(path)] : [path]))),
]

/** Reads the checkout and this installation, and writes the report: no other file, no program, no thread, no addon. */
const permissions = (root: string, scratch: string): readonly string[] => [
  '--permission',
  ...[root, installation, ...realPaths(packageFolders(installation)), ...packageFolders(root)].map(
    (path) => `--allow-fs-read=${path}`,
  ),
  `--allow-fs-write=${scratch}`,
  `--allow-fs-read=${scratch}`,
]

/**
 * Compiles a pipeline in TypeScript (or JavaScript) by this installation's own `winnow-ml/pipelines`, confined as runConfined
 * says, and by Node's permissions on top.
 */
export const compileTypescript = async (
  folder: string,
  source: TypescriptSource,
  ports: { readonly run: Run; readonly limits: CompileLimits },
  signal: AbortSignal,
): Promise<CompileResult> => {
  const { file } = source
  const found = await findRepositoryFile(folder, file)
  if ('error' in found) return refusal(found.error)
  const { limits } = ports
  const outcome = await runConfined(
    {
      folder,
      file,
      command: (root, scratch) => [
        process.execPath,
        ...permissions(root, scratch),
        `--max-old-space-size=${Math.floor(limits.memoryBytes / 2 / 1024 ** 2)}`,
        '--disable-warning=ExperimentalWarning',
        script,
        root,
        relative(root, found.path),
        source.export ?? '',
      ],
      environment: (scratch) => {
        const { PATH = '', LANG = 'C.UTF-8' } = scrubbedEnvironment()
        return { PATH, LANG, HOME: scratch, TMPDIR: scratch }
      },
      readable: [installation, ...realPaths(packageFolders(installation)), process.execPath],
      runtime: 'Node',
    },
    limits,
    ports.run,
    signal,
  )
  if (!outcome.ok)
    return /heap out of memory/.test(outcome.log)
      ? { ...outcome, error: `${file}: it takes more memory than a compile may have` }
      : outcome
  const report = parseReport(outcome.report)
  if (report === undefined || report.kind === 'job')
    return refusal(`${file}: what the compile left is no report`, [], outcome.log)
  if (report.kind === 'pipeline') {
    const { pipelineSpec, platformSpec } = report
    return checkedIr(JSON.stringify({ ...pipelineSpec, platformSpec }), file, outcome.log)
  }
  const { error, details } = explainRefusal(report, { file, asked: source.export }, words)
  return refusal(error, details, outcome.log)
}
