import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const attempt = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ''
  }
}

/** Living processes that work in a folder or were told of it in their environment, by pid. */
export const processesOf = (folder: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      if (pid === process.pid) return false
      // A zombie has ended: it waits only for somebody to ask how.
      if (/^State:\s+Z/m.test(attempt(() => readFileSync(`/proc/${pid}/status`, 'latin1')))) return false
      return (
        attempt(() => readlinkSync(`/proc/${pid}/cwd`)).startsWith(folder) ||
        attempt(() => readFileSync(`/proc/${pid}/environ`, 'latin1')).includes(`${folder}/`)
      )
    })

/** True where a task of the data folder has read how long it takes, and sleeps: what the pace says now is not for it. */
export const taskSleeps = (dataFolder: string): boolean =>
  processesOf(`${dataFolder}/platform/jobs`).some(
    (pid) => attempt(() => readFileSync(`/proc/${pid}/comm`, 'latin1')).trim() === 'sleep',
  )
