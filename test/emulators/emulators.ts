import { describe } from 'vitest'
import { missingService } from '../store/databases.ts'

/** A suite over the emulators: a failure where they had to be there and are not, a loud skip elsewhere. */
export const describeWithEmulators = (title: string, suite: () => void): void => {
  if (process.env['WINNOW_TEST_EMULATORS'] === undefined) missingService(title, 'WINNOW_TEST_EMULATORS')
  else describe(title, suite)
}
