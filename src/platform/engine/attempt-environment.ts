import type { PythonEnvironment, PythonEnvironments } from '../../processes/python-environments.ts'
import type { Attempt } from './task-attempt.ts'

/** The environment that holds these requirements; while it is being made, the attempt says so. */
export const attemptEnvironment = async (
  attempt: Attempt,
  environments: Pick<PythonEnvironments, 'ensure'>,
  requirements: readonly string[],
  signal: AbortSignal,
): Promise<PythonEnvironment> => {
  let making = false
  const progress = (line: string): void => {
    if (!making) attempt.doing('making a Python environment')
    making = true
    attempt.log(line)
  }
  try {
    return await environments.ensure(requirements, signal, progress)
  } finally {
    if (making) attempt.doing(null)
  }
}
