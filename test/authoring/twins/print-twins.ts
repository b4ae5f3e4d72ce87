import { compile, isPipeline } from '../../../src/pipelines/authoring/index.ts'
import { twins } from './twins.ts'

// A process of its own, since a function's source is what it is under Node, not under a test runner.
console.log(JSON.stringify(Object.fromEntries(twins.filter(isPipeline).map((one) => [one.program.name, compile(one)]))))
