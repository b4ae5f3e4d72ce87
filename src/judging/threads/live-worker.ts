import { workerData } from 'node:worker_threads'
import { judgeLiveTask, type LiveTask } from './live-task.ts'
import { answer } from './thread-program.ts'

await answer(() => judgeLiveTask(workerData as LiveTask))
