/** A number of places; who finds none waits, first come first served. */
export interface Slots {
  /** Runs `work` in a place of its own. An abort while waiting rejects with the signal's reason. */
  hold<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>
}

export const createSlots = (count: number): Slots => {
  let free = count
  const waiting = new Set<() => void>()

  const take = (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted()
    if (free > 0) {
      free -= 1
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(enter)
        reject(signal.reason)
      }
      const enter = (): void => {
        waiting.delete(enter)
        signal.removeEventListener('abort', leave)
        resolve()
      }
      waiting.add(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
  const release = (): void => {
    const [next] = waiting
    if (next === undefined) free += 1
    else next()
  }

  return {
    async hold(signal, work) {
      await take(signal)
      try {
        return await work()
      } finally {
        release()
      }
    },
  }
}
