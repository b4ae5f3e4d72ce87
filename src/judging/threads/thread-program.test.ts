import { expect, it } from 'vitest'
import { answerOf, startThread } from './thread-program.ts'

it('does not wait for a thread that ended without a word', async () => {
  const silent = startThread('checks-worker', { workerData: { expressions: [], facts: {} } })
  await expect(answerOf(silent, 'prepares gates')).rejects.toMatchObject({
    code: 'judging_failed',
    message: 'The thread that prepares gates ended: exit code 0',
    retryable: true,
  })
})

it('says why a thread broke down', async () => {
  const broken = startThread('checks-worker', { workerData: null })
  await expect(answerOf(broken, 'prepares gates')).rejects.toMatchObject({
    code: 'judging_failed',
    message: expect.stringContaining('expressions'),
  })
})
