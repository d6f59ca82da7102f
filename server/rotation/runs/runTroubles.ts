import type { Trouble } from '../../api/problem.ts'
import { diskFailure } from '../../platform/diskTrouble.ts'
import { Failure } from '../../platform/failure.ts'
import { JournalFailure } from '../machine.ts'

/** What to tell of an error. @param onDefect told of one that nobody foresaw */
export function asTrouble(error: unknown, onDefect: (error: unknown) => void): Trouble {
  if (error instanceof JournalFailure) return unwritable(error)
  const failure = error instanceof Failure ? error : diskFailure(error)
  if (failure) return failure.trouble
  onDefect(error)
  return {
    name: 'defect',
    title: 'A mistake of Keyturn’s',
    detail: 'Something happened that Keyturn does not know. The terminal has the details.',
    remedy: 'Retry; please report it with the lines from the terminal.',
  }
}

export const closing: Trouble = {
  name: 'stopping',
  title: 'Keyturn is stopping',
  detail: 'Nothing new is begun while Keyturn ends.',
  remedy: 'Start it again.',
}

export function overtakenBy(run: string): Trouble {
  return {
    name: 'superseded',
    title: 'A newer run has been here',
    detail: `The run ${run} has changed these keys since, so that nothing of this one is tried again.`,
    remedy: 'Make a new plan for what is to be rotated now.',
  }
}

function unwritable(error: JournalFailure): Trouble {
  return {
    name: 'journal-unwritable',
    title: 'The journal cannot be written',
    detail: error.message,
    remedy: 'Make room on the disk that holds Keyturn’s state directory, then press Finish or roll back.',
  }
}
