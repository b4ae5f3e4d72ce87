import { emulatorsFolder } from '../test/emulators/programs.ts'
import type { Sender } from './sender.ts'
import { senders } from './senders/index.ts'

/** Those that can send here: without the emulators some cannot, which is said aloud, and is a fault where they have to be there. */
export const chooseSenders = (say: (line: string) => void): readonly Sender[] => {
  if (emulatorsFolder() !== undefined) return senders
  const missing = senders.filter(({ needsEmulators }) => needsEmulators).map(({ name }) => name)
  const what = `the emulators are missing, so nobody speaks for: ${missing.join(', ')}. Build them: test/emulators/build.sh`
  if (process.env['WINNOW_TEST_SERVICES'] === 'required') throw new Error(what)
  say(`LEFT OUT: ${what}`)
  return senders.filter(({ needsEmulators }) => needsEmulators !== true)
}
