import { workerData } from 'node:worker_threads'
import { type GatesTask, prepareLots } from './prepare-lots.ts'
import { answer } from './thread-program.ts'

await answer(() => prepareLots(workerData as GatesTask))
