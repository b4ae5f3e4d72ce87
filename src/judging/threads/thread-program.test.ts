import { expect, it } from 'vitest'
import { doInThread } from './thread-program.ts'

it('does not wait for a thread that ended without a word', async () => {
  const silent = doInThread('checks-worker', { expressions: [], facts: {} }, 'prepares gates')
  await expect(silent).rejects.toMatchObject({
    code: 'judging_failed',
    message: 'The thread that prepares gates ended: exit code 0',
    retryable: true,
  })
})

it('says why a thread broke down', async () => {
  const broken = doInThread('checks-worker', null, 'prepares gates')
  await expect(broken).rejects.toMatchObject({
    code: 'judging_failed',
    message: expect.stringContaining('expressions'),
  })
})
