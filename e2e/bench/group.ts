import type { Report } from './report.ts'

export interface BenchOptions {
  /** Also what takes ten minutes and more. */
  readonly full: boolean
  /** Figures and plots go into the docs too. */
  readonly write: boolean
}

/** Figures that belong together, in a file of their own; `groups.ts` lists them all. */
export interface Group {
  /** As `--only` names it. */
  readonly name: string
  /** One line, printed above its figures. */
  readonly about: string
  measure(report: Report, options: BenchOptions): Promise<void>
}
