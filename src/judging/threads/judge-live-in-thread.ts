import { once } from 'node:events'
import type { LiveJudged, LiveTask } from './live-task.ts'
import type { LiveMessage } from './live-worker.ts'
import { faultOf, startThread } from './thread-program.ts'

/** Judges what models did live in a thread of its own: thousands of labelled answers must not stop the event loop. */
export const judgeLiveInThread = async (task: LiveTask, signal: AbortSignal): Promise<LiveJudged> => {
  signal.throwIfAborted()
  const worker = startThread('live-worker', { workerData: task })
  try {
    // An error of the thread itself rejects, too.
    const [message] = (await once(worker, 'message', { signal })) as [LiveMessage]
    if (message.ok) return message.judged
    throw faultOf(message.fault)
  } finally {
    await worker.terminate()
  }
}
