import { createPythonEnvironments } from '../../src/processes/python-environments.ts'

// A process of its own for tests: node ensure-environment.ts FOLDER REQUIREMENT…; prints the installer's lines, then the environment.
const [folder = '', ...requirements] = process.argv.slice(2)
const environment = await createPythonEnvironments({ folder }).ensure(requirements, undefined, (line) =>
  console.log(`progress ${line}`),
)
console.log(JSON.stringify(environment))
