import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The one value in the file of an artifact (TFX's ValueArtifact: `value` where it is a folder); undefined where there is none. */
export const artifactValue = (path: string): string | undefined => {
  try {
    return readFileSync(statSync(path).isDirectory() ? join(path, 'value') : path, 'utf8')
  } catch {
    return undefined
  }
}
