import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { judgeLiveTask, type LiveJudged, type LiveTask } from './live-task.ts'
import { type FaultMessage, faultMessage } from './thread-program.ts'

export type LiveMessage =
  | { readonly ok: true; readonly judged: LiveJudged }
  | { readonly ok: false; readonly fault: FaultMessage }

const port = parentPort as MessagePort
try {
  port.postMessage({ ok: true, judged: judgeLiveTask(workerData as LiveTask) } satisfies LiveMessage)
} catch (error) {
  port.postMessage({ ok: false, fault: faultMessage(error) } satisfies LiveMessage)
}
