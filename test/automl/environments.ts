import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPythonEnvironments, type PythonEnvironments } from '../../src/processes/python-environments.ts'

/** Environments are built once for all tests: building local AutoML's takes longer than using it. */
export const sharedEnvironments = (): PythonEnvironments =>
  createPythonEnvironments({
    folder: join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments'),
  })
