import type { Trouble } from '../../server/api/problem.ts'
import { troubleOf } from '../api.ts'

/** What a dialog asks the server for: under way, or why it did not come through. The dialog shows both. */
export class Sending {
  busy = $state(false)
  trouble: Trouble | undefined = $state.raw()

  /** Holds the dialog meanwhile, and on where it came through: it closes then. @returns whether it came through */
  async send(work: () => Promise<unknown>): Promise<boolean> {
    this.busy = true
    const through = await this.attempt(work)
    if (!through) this.busy = false
    return through
  }

  /** The same for a look, which may be left at any time. */
  async attempt(work: () => Promise<unknown>): Promise<boolean> {
    this.trouble = undefined
    try {
      await work()
      return true
    } catch (error) {
      this.trouble = troubleOf(error)
      return false
    }
  }
}
