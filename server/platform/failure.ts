import type { Trouble } from '../api/problem.ts'

/**
 * An error whose words were designed for the person who reads them: what is true now, why, and what to do next.
 * Everything that Keyturn foresees is thrown as one; any other Error is a defect and is shown as such.
 */
export class Failure extends Error {
  readonly trouble: Trouble

  constructor(trouble: Trouble, options?: { cause?: unknown }) {
    super(trouble.detail, options)
    this.name = 'Failure'
    this.trouble = trouble
  }
}
