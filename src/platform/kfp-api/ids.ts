import { randomUUID } from 'node:crypto'

/** A UUID that begins with a letter: a run's is the id of a pipeline job, too, and those must. */
export const newUuid = (): string => {
  for (;;) {
    const id = randomUUID()
    if (/^[a-f]/.test(id)) return id
  }
}
