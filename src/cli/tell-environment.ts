import { formatDuration } from '../domain/time.ts'
import type { PythonEnvironments } from '../processes/python-environments.ts'

/** Says in one line that an environment is being made, and in one how long it took; nothing where it is cached. WINNOW_DEBUG gives the installer's words too. */
export const tellEnvironment = (
  environments: PythonEnvironments,
  tell: (line: string) => void,
): Pick<PythonEnvironments, 'ensure'> => ({
  ensure: async (requirements, signal) => {
    const startedAt = Date.now()
    let making = false
    const made = await environments.ensure(requirements, signal, (line) => {
      if (!making) tell(`making a Python environment: ${requirements.join(', ')} (cached afterwards)`)
      making = true
      if (process.env['WINNOW_DEBUG'] !== undefined) tell(line)
    })
    if (making) tell(`the Python environment is made: ${formatDuration(Date.now() - startedAt)}`)
    return made
  },
})
