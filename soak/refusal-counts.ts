import type { Report } from './booked.ts'
import type { SentRecord } from './record.ts'
import type { CountedAs } from './sender.ts'

/**
 * Refusals are written down a quarter of a second after they were answered; on a busy machine so much later at most.
 * What was answered so shortly before a process was killed may be counted or not.
 */
const lateAtMost = 3_000

/** Reasons that no forgery has: the store was away, or somebody was too quick. */
const others = ['notStored', 'keysUnavailable', 'tooMany', 'withdrawn']

/** Whether Winnow's counts of what it refused are those of the answers that it gave, as far as a kill leaves them. */
export const refusalCountFaults = (
  { refused, mute, lapses }: Pick<SentRecord, 'refused' | 'mute' | 'lapses'>,
  counts: Report['refused'],
): readonly string[] => {
  const nameOf = ({ sender, reason }: CountedAs): string => `${sender}: ${reason}`
  const lapsed = (at: number): boolean => lapses.some((lapse) => lapse >= at && lapse - at < lateAtMost)
  const answered = refused.flatMap(({ counted, at }) =>
    counted === undefined ? [] : [{ name: nameOf(counted), sure: !lapsed(at) }],
  )
  const told = new Map(
    counts.filter(({ reason }) => !others.includes(reason)).map((one) => [nameOf(one), one.count] as const),
  )
  return [...new Set([...answered.map(({ name }) => name), ...told.keys()])].sort().flatMap((name) => {
    const mine = answered.filter((one) => one.name === name)
    const least = mine.filter(({ sure }) => sure).length
    // What was being written when the database went away may be there, and be written again.
    const most = 2 * mine.length - least + mute.filter((one) => nameOf(one) === name).length
    const count = told.get(name) ?? 0
    if (count >= least && count <= most) return []
    const right = least === most ? `${least}` : `${least} to ${most}`
    return [`${name} was refused ${right} times, and the report counts ${count}`]
  })
}
