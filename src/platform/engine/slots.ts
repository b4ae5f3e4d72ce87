/** A number of places; who finds too few waits, first come first served. */
export interface Slots {
  /**
   * Runs `work` in so many places (1 unless told; never more than there are). Who wants many is not overtaken by those
   * who want few. An abort while waiting rejects with the signal's reason.
   */
  hold<T>(signal: AbortSignal, work: () => Promise<T>, places?: number): Promise<T>
}

interface Waiting {
  readonly places: number
  readonly enter: () => void
}

export const createSlots = (count: number): Slots => {
  let free = count
  const waiting = new Set<Waiting>()

  const letIn = (): void => {
    for (const first of waiting) {
      if (first.places > free) return
      free -= first.places
      waiting.delete(first)
      first.enter()
    }
  }

  const take = (signal: AbortSignal, places: number): Promise<void> => {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(one)
        reject(signal.reason)
        // Those behind it may have waited for it alone.
        letIn()
      }
      const one: Waiting = {
        places,
        enter: () => {
          signal.removeEventListener('abort', leave)
          resolve()
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      waiting.add(one)
      letIn()
    })
  }

  return {
    async hold(signal, work, places = 1) {
      const taken = Math.min(Math.max(1, Math.ceil(places)), count)
      await take(signal, taken)
      try {
        return await work()
      } finally {
        free += taken
        letIn()
      }
    },
  }
}
