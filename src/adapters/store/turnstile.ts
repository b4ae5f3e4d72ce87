/** Lets one through at a time, in the order of arrival. */
export interface Turnstile {
  /** Waits for its turn; the returned function gives the turn to the next one, and may be called again without effect. */
  enter(): Promise<() => void>
}

export const createTurnstile = (): Turnstile => {
  let last: Promise<void> = Promise.resolve()
  return {
    enter: async () => {
      const before = last
      const { promise, resolve } = Promise.withResolvers<void>()
      last = promise
      await before
      return resolve
    },
  }
}
