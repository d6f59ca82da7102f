/** Counts what holds and what does not, and goes on after a failure: the list of failures is the finding. */
export class Harness {
  #passed = 0
  #failed = 0

  /** Runs one check. @returns what it returned; undefined where it failed */
  async check<T>(what: string, body: () => Promise<T> | T): Promise<T | undefined> {
    try {
      const result = await body()
      this.#passed++
      console.log(`  ok    ${what}`)
      return result
    } catch (error) {
      this.#failed++
      const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
      console.log(`  FAIL  ${what}\n${words.replace(/^/gm, '        ')}`)
      return undefined
    }
  }

  /** Says the counts, which a caller of the suite reads from the last line. @returns the exit code */
  finish(): number {
    console.log(`${this.#passed} passed, ${this.#failed} failed`)
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1
  }
}
