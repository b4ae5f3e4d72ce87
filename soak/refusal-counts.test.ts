import { expect, it } from 'vitest'
import { refusalCountFaults } from './refusal-counts.ts'

const counted = { sender: 'github', reason: 'forged' }
const refused = (at: number) => ({ sender: 'GitHub', how: 'no signature', status: 401, right: true, counted, at })
const faultsOf = (count: number, over: object = {}) =>
  refusalCountFaults({ refused: [refused(10_000), refused(20_000)], mute: [], lapses: [], ...over }, [
    { ...counted, count },
  ])

it.each([
  [2, {}, []],
  [1, {}, ['github: forged was refused 2 times, and the report counts 1']],
  [3, {}, ['github: forged was refused 2 times, and the report counts 3']],
  // Killed half a second after the second one.
  [1, { lapses: [20_500] }, []],
  [3, { lapses: [20_500] }, []],
  [0, { lapses: [20_500] }, ['github: forged was refused 1 to 3 times, and the report counts 0']],
  [4, { lapses: [20_500] }, ['github: forged was refused 1 to 3 times, and the report counts 4']],
  [1, { lapses: [24_000] }, ['github: forged was refused 2 times, and the report counts 1']],
  [1, { lapses: [19_900] }, ['github: forged was refused 2 times, and the report counts 1']],
  // A try without an answer.
  [3, { mute: [counted] }, []],
  [4, { mute: [counted] }, ['github: forged was refused 2 to 3 times, and the report counts 4']],
])('counts of %d with %j', (count, over, faults) => {
  expect(faultsOf(count, over)).toEqual(faults)
})

it('sees what nobody refused, but for reasons that no forgery has', () => {
  const none = { refused: [], mute: [], lapses: [] }
  expect(refusalCountFaults(none, [{ sender: 'git', reason: 'noJson', count: 1 }])).toEqual([
    'git: noJson was refused 0 times, and the report counts 1',
  ])
  expect(refusalCountFaults(none, [{ sender: 'git', reason: 'notStored', count: 1 }])).toEqual([])
})
