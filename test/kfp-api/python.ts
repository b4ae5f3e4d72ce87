import { createPythonEnvironments } from '../../src/processes/python-environments.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'
import { environmentsFolder } from '../platform/site.ts'

/** Runs a script with the real kfp in its environment; the last line that it prints is JSON. */
export const runWithKfp = async (
  script: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
): Promise<any> => {
  const { python } = await createPythonEnvironments({ folder: environmentsFolder }).ensure(['kfp==2.17.0'])
  const { exitCode, stdout, stderr } = await runProcess({
    command: python,
    args: ['-W', 'ignore', script, ...args],
    cwd,
    env: scrubbedEnvironment({ HOME: cwd, NO_PROXY: '127.0.0.1', ...env }),
    timeoutMs: 220_000,
  })
  if (exitCode !== 0) throw new Error(`${script} ended with ${exitCode}:\n${stdout}\n${stderr}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}
