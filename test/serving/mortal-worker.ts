import { parentPort } from 'node:worker_threads'
import '../../src/platform/serving/serving-worker.ts'

// The real worker, which dies of a batch of 13 and hangs on one of 14.
parentPort?.on('message', ({ kind, rows }: { kind: string; rows?: number }) => {
  if (kind === 'predict' && rows === 13) process.exit(3)
  if (kind === 'predict' && rows === 14) for (;;);
})
