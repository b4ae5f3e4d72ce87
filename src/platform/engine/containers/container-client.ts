import { tmpdir } from 'node:os'
import { clientEnvironment } from '../../../processes/client-environment.ts'
import { type ProcessRequest, type ProcessResult, runProcess } from '../../../processes/run-process.ts'

export type ContainerProgram = 'docker' | 'podman'

/** Runs docker or podman with words of ours. It has its own settings and credentials; the container has none of them. */
export type ContainerClient = (
  words: readonly string[],
  more?: Partial<ProcessRequest>,
  signal?: AbortSignal,
) => Promise<ProcessResult>

export const createContainerClient =
  (program: ContainerProgram): ContainerClient =>
  (words, more = {}, signal) =>
    runProcess({ command: program, args: words, cwd: tmpdir(), env: clientEnvironment(), ...more }, signal)

/** What a failed call said, as one line: its last one that is not a hint at `--help`. */
export const lastWord = ({ stderr, stdout }: ProcessResult): string => {
  const lines = (stderr.trim() === '' ? stdout : stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/--help|^See '/.test(line))
  const error = lines.findLast((line) => /^Error\b|Error response from daemon|^docker: /i.test(line))
  return (error ?? lines.at(-1) ?? 'no reason given').slice(0, 500)
}
