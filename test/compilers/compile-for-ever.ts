import { createCompiler } from '../../src/adapters/compilers/compiler.ts'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'

// A controller that compiles: node compile-for-ever.ts ENVIRONMENTS FOLDER FILE. The test kills it.
const [environments = '', folder = '', file = ''] = process.argv.slice(2)
const compiler = createCompiler({ environments: createPythonEnvironments({ folder: environments }), warm: true })
await compiler.compile(folder, { kind: 'kfp', file }, new AbortController().signal)
