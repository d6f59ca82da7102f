import { kindOf } from '../api/troubles.ts'
import type { Looking } from '../engine/engine.ts'
import { Failure } from '../platform/failure.ts'
import type { Command, Ended } from './command.ts'
import { exit } from './exitCodes.ts'
import { codeWith, filesDocument, fileTroublesOf, tellFiles } from './fileTroubles.ts'
import { sentence } from './wording.ts'

/**
 * Says first what keeps a file from being read, and ends with 1 where the rest went well: keys may stand in it that the
 * command did not see. For commands that do their work without the files, too.
 */
export async function withFiles(
  { keyring }: Pick<Looking, 'keyring'>,
  { terminal }: Pick<Command, 'terminal'>,
  work: () => Promise<Ended>,
): Promise<Ended> {
  const troubles = fileTroublesOf((await keyring.readKeys()).snapshot)
  tellFiles(terminal, { ...troubles, none: undefined })
  try {
    const { code, document } = await work()
    return { code: codeWith(troubles, code), document: { ...filesDocument(troubles), ...document } }
  } catch (error) {
    // Nothing to do, as far as the files could be read.
    const { trouble } = error instanceof Failure ? error : { trouble: undefined }
    if (!trouble || !troubles.fails || kindOf(trouble.name).exit !== exit.nothing) throw error
    terminal.say(`keyturn: ${trouble.title}. ${sentence(trouble)}`)
    return { code: exit.failed, document: filesDocument(troubles) }
  }
}
