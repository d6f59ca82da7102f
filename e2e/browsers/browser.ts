/** What the walk needs of a browser, whoever drives it. */
export interface Browser {
  readonly name: string
  go(address: string): Promise<void>
  /** The value of an expression in the page, as JSON can carry it. */
  value(expression: string): Promise<unknown>
  /** Presses, as a person does, the element that an expression gives. */
  press(expression: string): Promise<void>
  /** What the page has said on its console as an error, and what it threw. */
  faults(): Promise<readonly string[]>
  close(): Promise<void>
}

/** Asks until it is so; the page changes by itself, and there is no event to wait for in all of them. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, ms = 60_000): Promise<T> {
  const deadline = Date.now() + ms
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}
