import { jobOf, openEngine } from './workshop.ts'

// A controller of its own, to be killed: node run-job.ts ROOT ID PIPELINE PARAMETERS [cold]
const [root = '', id = '', pipeline = '', parameters = '{}', python] = process.argv.slice(2)
await openEngine(root, { warmPython: python !== 'cold' }).start(await jobOf(id, pipeline, JSON.parse(parameters)))
