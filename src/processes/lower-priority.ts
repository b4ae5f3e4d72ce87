import { writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

/**
 * Puts a process, and what it starts from now on, behind the controller: work that takes all cores must not make a
 * webhook wait. A task leads a session of its own, and the kernel's autogrouping gives sessions equal shares whatever
 * their nice values are, so the session is lowered too, where there is such a thing. It is a courtesy: nothing fails by it.
 */
export const lowerPriority = (pid: number): void => {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
    writeFileSync(`/proc/${pid}/autogroup`, String(constants.priority.PRIORITY_BELOW_NORMAL))
  } catch {
    // It has ended already, or this system has no autogroups.
  }
}
