import { parentPort, workerData } from 'node:worker_threads'
import { type GatesTask, type PreparedLots, prepareLots } from './prepare-lots.ts'
import { type FaultMessage, faultMessage } from './thread-program.ts'

/** The thread is started with a GatesTask. */
export type GatesMessage =
  | { readonly ok: true; readonly prepared: PreparedLots }
  | { readonly ok: false; readonly fault: FaultMessage }

const say = (message: GatesMessage): void => parentPort?.postMessage(message)

try {
  say({ ok: true, prepared: prepareLots(workerData as GatesTask) })
} catch (error) {
  say({ ok: false, fault: faultMessage(error) })
}
