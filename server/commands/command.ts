import type { Beginner } from '../api/run.ts'
import type { Engine } from '../engine/engine.ts'
import { Failure } from '../platform/failure.ts'
import type { Interruption } from './interruption.ts'
import type { Options } from './options.ts'
import type { Screen, Streams } from './terminal.ts'

/** What a command works with. */
export interface Command {
  readonly options: Options
  readonly env: Streams['env']
  readonly terminal: Screen
  readonly interruption: Interruption
  readonly by: Beginner
  /** Whether the engine is a page's, which goes on without this command. */
  readonly beside: boolean
  /** Opens an engine, or lends that of the page; who opens it closes it. @throws Failure as `openEngine` */
  readonly open: () => Promise<Engine>
}

/** What a command ends with: its exit code, and its JSON document. */
export interface Ended {
  readonly code: number
  readonly document: Readonly<Record<string, unknown>>
}

/** @throws Failure `declined`, or `interrupted` at Ctrl-C or the end of the input */
export async function confirmed({ terminal, interruption }: Command, question: string): Promise<void> {
  const answer = await terminal.ask(`${question} [y/N] `, interruption.signal, interruption.request)
  if (answer === undefined) throw new Failure(stoppedBefore)
  if (/^\s*y(es)?\s*$/i.test(answer)) return
  throw new Failure({ name: 'declined', title: 'Not confirmed', detail: 'Nothing was changed.' })
}

export const stoppedBefore = { name: 'interrupted', title: 'Interrupted', detail: 'Nothing was changed.' }
