import { workerData } from 'node:worker_threads'
import { doTableTask, type TableTask } from './table-task.ts'
import { answer } from './thread-program.ts'

await answer(() => doTableTask(workerData as TableTask))
