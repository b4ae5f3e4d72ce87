import { lockFolder } from '../../src/processes/folder-lock.ts'

// Takes a folder and keeps it, or prints the code of the fault. For tests that kill it.
try {
  await lockFolder(process.argv[2] ?? '')
  process.stdout.write('locked\n')
  setInterval(() => {}, 1_000)
} catch (error) {
  process.stdout.write(`${(error as { code?: string }).code}\n`)
}
