/** Asks again and again until the answer is one, for 30 seconds at most. */
export const until = async <T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> => {
  const deadline = Date.now() + 120_000
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > deadline) throw new Error(`Waited 120 s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
