import { mkdirSync, realpathSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { ContainerExecutor } from '../../../pipelines/execution.ts'
import { isInside } from '../../../processes/bubblewrap.ts'

/** Where a custom job puts what it makes: the address that it named, and the local folder that this leads to. */
export interface OutputFolder {
  readonly uri: string
  readonly path: string
}

/**
 * The folders besides the attempt's own that a container may write, made if they are not there. An address counts
 * where the operator maps it, a path only inside the pipeline root: nobody opens the rest of the machine by naming it.
 */
export const outputFolders = (
  { outputFolder }: ContainerExecutor & { readonly outputFolder?: OutputFolder },
  pipelineRoot: string,
): readonly string[] => {
  if (outputFolder === undefined) return []
  const { uri, path } = outputFolder
  mkdirSync(path, { recursive: true })
  const isMapped = !isAbsolute(uri) && !uri.startsWith('file:') && isAbsolute(path)
  return isMapped || isInside(realpathSync(path), realpathSync(pipelineRoot)) ? [path] : []
}
