import { expect, it } from 'vitest'
import { processFailure } from './task-failure.ts'

const failed = (stdout: string, stderr: string) =>
  processFailure(
    'train',
    { exitCode: 1, signal: null, timedOut: false, durationMs: 5, stdout, stderr } as Parameters<
      typeof processFailure
    >[1],
    '/log',
  )

const executorLog = `[KFP Executor 2026-01-01 10:00:00,000 INFO]: --component_module_path is not specified.
[KFP Executor 2026-01-01 10:00:00,000 INFO]: Got executor_input:
{
    "inputs": {
        "parameterValues": {}
    }
}
`

it.each<[string, string, string, string]>([
  ['the last line of its errors', 'out', `${executorLog}it broke\n`, 'train failed with exit code 1: it broke'],
  ['the last of its output where it left no error', 'too hot\n', executorLog, 'train failed with exit code 1: too hot'],
  ['nothing where it said nothing', '', executorLog, 'train failed with exit code 1'],
])('a task that ends itself is told with %s', (_, stdout, stderr, message) => {
  expect(failed(stdout, stderr).message).toBe(message)
})
