import { jobOf, openEngine } from './workshop.ts'

// A controller of its own, to be killed: node run-job.ts ROOT ID PIPELINE PARAMETERS
const [root = '', id = '', pipeline = '', parameters = '{}'] = process.argv.slice(2)
await openEngine(root).start(await jobOf(id, pipeline, JSON.parse(parameters)))
