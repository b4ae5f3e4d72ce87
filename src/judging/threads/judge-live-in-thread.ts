import type { LiveJudged, LiveTask } from './live-task.ts'
import { doInThread } from './thread-program.ts'

/** Judges what models did live in a thread of its own: thousands of labelled answers must not stop the event loop. */
export const judgeLiveInThread = (task: LiveTask, signal: AbortSignal): Promise<LiveJudged> =>
  doInThread('live-worker', task, 'judges what is live', signal)
