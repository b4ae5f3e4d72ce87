import { describe, expect, it } from 'vitest'
import type { Account } from '../domain/ledger.ts'
import { reconcileLedger } from './reconcile-ledger.ts'

const account = (over: Partial<Account> = {}): Account => ({
  since: null,
  acknowledged: [
    { sender: 'github', count: 5 },
    { sender: 'pubsub', count: 2 },
  ],
  rows: [
    { sender: 'github', state: 'started', archived: false, count: 2 },
    { sender: 'github', state: 'recorded', archived: false, count: 1 },
    { sender: 'github', state: 'started', archived: true, count: 2 },
    { sender: 'pubsub', state: 'batched', archived: false, count: 2 },
  ],
  refused: [],
  breaches: [],
  parked: [],
  ...over,
})

describe('the account', () => {
  it('matches where every sender has as many outcomes, open and archived ones as acknowledgements', () => {
    expect(reconcileLedger(account())).toMatchObject({
      matches: true,
      faults: [],
      acknowledged: 7,
      outcomes: { started: 2, open: 1, 'archived started': 2, batched: 2 },
      senders: [
        { sender: 'github', acknowledged: 5, outcomes: { started: 2, open: 1, 'archived started': 2 } },
        { sender: 'pubsub', acknowledged: 2, outcomes: { batched: 2 } },
      ],
    })
  })

  it.each([
    ['one is missing', [{ sender: 'github', count: 6 }], 'github: 6 acknowledged, 5 accounted for: 1 missing'],
    ['one is too many', [{ sender: 'github', count: 4 }], 'github: 4 acknowledged, 5 accounted for: 1 too many'],
    ['nobody knows of a sender', [], 'github: 0 acknowledged, 5 accounted for: 5 too many'],
  ])('does not match where %s, although the sums of all may', (_, acknowledged, fault) => {
    const report = reconcileLedger(account({ acknowledged: [...acknowledged, { sender: 'pubsub', count: 2 }] }))
    expect(report).toMatchObject({ matches: false, faults: [fault] })
  })

  it('is not set right by another sender that has one too many', () => {
    const acknowledged = [
      { sender: 'github', count: 6 },
      { sender: 'pubsub', count: 1 },
    ]
    expect(reconcileLedger(account({ acknowledged })).faults).toHaveLength(2)
  })

  it('does not match where a rule is broken, and says which rows break it', () => {
    const breaches = [{ rule: 'closedWithoutRun', count: 3, rows: ['batch 1', 'batch 2'] } as const]
    expect(reconcileLedger(account({ breaches }))).toMatchObject({
      matches: false,
      faults: ['a closed batch has no run: batch 1, batch 2 and 1 more'],
    })
  })

  it('matches with rows that wait for somebody, and names them', () => {
    const parked = [{ kind: 'run', id: 3, message: 'no such target' } as const]
    expect(reconcileLedger(account({ parked }))).toMatchObject({ matches: true, parked })
  })
})
