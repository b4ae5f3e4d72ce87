import { expect, it } from 'vitest'
import { complaintOf } from './git-command.ts'

it.each([
  ['', 'git said nothing'],
  ['one\ntwo\n', 'two'],
  [
    "fatal: '/beans.git' does not appear to be a git repository\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n",
    "fatal: '/beans.git' does not appear to be a git repository",
  ],
  ['hint: try again\nerror: not a valid object name\n', 'error: not a valid object name'],
])('of %j git complains of %j', (stderr, complaint) => {
  expect(complaintOf({ stderr })).toBe(complaint)
})
