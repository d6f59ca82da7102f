import { devNull } from 'node:os'
import type { FileState } from '../../api/inventory.ts'
import { Failure } from '../../platform/failure.ts'
import type { Fault, IniDocument } from '../ini/document.ts'
import { excerptOf } from '../ini/excerpt.ts'
import { realPath } from '../../platform/realPath.ts'
import type { StoredFile, View } from './storedFile.ts'
import { strictReaders } from '../agreement/strictReaders.ts'
import { strictTrouble } from '../agreement/strictWords.ts'
import { octal, writableTarget } from './target.ts'
import { tidy } from '../ini/tidy.ts'
import { faultProblem } from '../agreement/wording.ts'

const mostProblems = 50

/** What the page says about a file: its state, its mode, and which of its lines are troublesome. */
export async function fileState(
  { which, path, from }: StoredFile,
  { loaded, reading }: View,
): Promise<FileState> {
  const problems: FileState['problems'] = []
  if (loaded.state === 'unreadable') problems.push({ blocks: true, trouble: loaded.trouble })
  const state: FileState = { which, path, from, state: loaded.state, loose: false, writable: false, problems }
  if (loaded.state === 'missing' || path === devNull) return state
  const real = await realPath(path).catch(() => undefined)
  if (real !== undefined && real !== path) state.target = real
  const stat = 'stat' in loaded ? loaded.stat : undefined
  if (stat) {
    // On Windows the bits say nothing about other people.
    if (process.platform !== 'win32') {
      state.mode = octal(Number(stat.mode))
      state.loose = (Number(stat.mode) & 0o066) !== 0
    }
    if (stat.nlink > 1n) problems.push({ trouble: hardLinked(path, Number(stat.nlink)) })
  }
  if (loaded.state === 'unreadable') return state
  await writableTarget(path).then(
    () => {
      state.writable = true
    },
    (error: unknown) => {
      if (error instanceof Failure) problems.push({ trouble: error.trouble })
    },
  )
  if (!reading) return state
  const { document } = reading
  problems.push(...lineProblems(path, document))
  for (const problem of problems)
    if (problem.line !== undefined) problem.lines = excerptOf(document, problem.line)
  if (document.faults.length > 0) return state
  for (const finding of strictReaders(document, which).slice(0, mostProblems))
    problems.push({ line: finding.line, trouble: strictTrouble(path, document, finding) })
  const tidied = tidy(document, which)
  if (tidied) state.tidy = tidied.lines.length
  return state
}

/** Lines of one cause are told once: a second header that is not seen makes a fault of each line below it. */
function lineProblems(path: string, document: IniDocument): FileState['problems'] {
  const told = new Map<string, FileState['problems'][number]>()
  let above: Fault | undefined
  for (const fault of document.faults) {
    const goesOn = fault.kind === 'before-first-header' && above?.kind === fault.kind
    above = fault
    if (goesOn) continue
    const problem = faultProblem(path, document, fault)
    if (!told.has(problem.trouble.title)) told.set(problem.trouble.title, { ...problem, blocks: true })
    if (told.size === mostProblems) break
  }
  return [...told.values()]
}

function hardLinked(path: string, links: number) {
  return {
    name: 'hard-link',
    title: 'The file has a second name',
    detail: `${path} has ${links} names (hard links). A save gives this name a new file; the other names keep the old content.`,
    remedy: 'Use a symbolic link instead, if the names should stay together.',
  }
}
