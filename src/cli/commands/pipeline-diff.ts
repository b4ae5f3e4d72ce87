import { diffPipelines, type PipelineChange } from '../../pipelines/diff.ts'
import { compiledPipeline, type SourceOptions } from '../compiled-pipeline.ts'
import { interruptible } from '../interruptible.ts'
import { exitCodes, reportFailure } from '../report-failure.ts'
import { paint } from '../style.ts'
import { print, printJson } from '../table.ts'

interface Options extends SourceOptions {
  readonly json?: boolean
}

/** `winnow pipeline diff A B`: what changed from one to the other. Exit 0: nothing, 1: something, 2: they cannot be compared. */
export const pipelineDiff = async (before: string, after: string, options: Options): Promise<void> => {
  try {
    const changes = await interruptible(async (signal) =>
      diffPipelines(await compiledPipeline(before, options, signal), await compiledPipeline(after, options, signal)),
    )
    if (options.json) printJson({ same: changes.length === 0, changes })
    else if (changes.length === 0) print(`${before} and ${after} are the same pipeline`)
    else for (const line of describeChanges(changes)) print(line)
    process.exitCode = changes.length === 0 ? 0 : exitCodes.failed
  } catch (error) {
    // One that does not compile is no answer either: 1 would say that they differ.
    reportFailure(error)
    process.exitCode = exitCodes.usage
  }
}

const marks = { added: '+', removed: '-', renamed: '→', changed: '~' } as const
const colours = { added: 'green', removed: 'red', renamed: 'cyan', changed: 'yellow' } as const

/** Changes of one task stand together below its name; the pipeline's own come first. */
const describeChanges = (changes: readonly PipelineChange[]): readonly string[] =>
  [...Map.groupBy(changes, ({ task }) => task)].flatMap(([task, own]) => {
    const whole = own.find(({ what }) => what === null)
    const details = own.filter((change) => change !== whole).flatMap(describeDetail)
    if (task === null) return ['pipeline', ...details]
    if (whole === undefined) return [`${paint('yellow', '~')} ${task}`, ...details]
    const of = whole.kind === 'renamed' ? `${whole.before} → ${whole.after}` : `${task}  ${whole.before ?? whole.after}`
    return [`${paint(colours[whole.kind], marks[whole.kind])} ${of}`, ...details]
  })

const describeDetail = ({ kind, what, before, after, lines }: PipelineChange): readonly string[] => {
  const head = `    ${paint(colours[kind], marks[kind])} ${what}`
  if (lines.length > 0) return [head, ...lines.map((line) => `        ${paintLine(line)}`)]
  if (before === null) return [`${head}: ${short(after)}`]
  return [after === null ? `${head}: ${short(before)}` : `${head}: ${short(before)} → ${short(after)}`]
}

const paintLine = (line: string): string =>
  line.startsWith('+') ? paint('green', line) : line.startsWith('-') ? paint('red', line) : paint('gray', line)

const longest = 100
const short = (text: string | null): string => {
  const line = (text ?? '').replace(/\s+/g, ' ').trim()
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line
}
