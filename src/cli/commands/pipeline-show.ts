import { type DrawnPart, drawGraph } from '../../pipelines/draw-graph.ts'
import { pipelineGraph } from '../../pipelines/graph.ts'
import { mermaid } from '../../pipelines/mermaid.ts'
import { compiledPipeline, type SourceOptions } from '../compiled-pipeline.ts'
import { interruptible } from '../interruptible.ts'
import { paint } from '../style.ts'
import { print, printJson } from '../table.ts'

interface Options extends SourceOptions {
  readonly format: 'tree' | 'mermaid' | 'json'
}

const defaultWidth = 80
/** Wider lines are harder to follow, not easier. */
const widest = 140

/** `winnow pipeline show FILE`: the tasks, what flows between them, and the groups, for people or for programs. */
export const pipelineShow = async (file: string, options: Options): Promise<void> => {
  const { spec } = await interruptible((signal) => compiledPipeline(file, options, signal))
  const graph = pipelineGraph(spec)
  if (options.format === 'json') return printJson(graph)
  if (options.format === 'mermaid') return print(mermaid(graph).trimEnd())
  const width = Math.min(widest, process.stdout.columns ?? defaultWidth)
  for (const line of drawGraph(graph, width)) print(line.map(painted).join(''))
}

const painted = ({ role, text }: DrawnPart): string => {
  switch (role) {
    case 'name':
      return paint('bold', text)
    case 'group':
      return paint('cyan', text)
    case 'rail':
    case 'detail':
      return paint('gray', text)
    case 'artifact':
      return paint('yellow', text)
    case 'parameter':
      return paint('blue', text)
  }
}
