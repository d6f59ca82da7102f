import fs from 'node:fs/promises'
import type { FileState } from '../api/inventory.ts'
import { Failure } from '../platform/failure.ts'
import type { StoredFile, View } from './storedFile.ts'
import { octal, writableTarget } from './target.ts'
import { faultTrouble } from './wording.ts'

const mostProblems = 50

/** What the page says about a file: its state, its mode, and which of its lines are troublesome. */
export async function fileState({ which, path }: StoredFile, { loaded, reading }: View): Promise<FileState> {
  const problems: FileState['problems'] = []
  if (loaded.state === 'unreadable') problems.push({ trouble: loaded.trouble })
  const state: FileState = { which, path, state: loaded.state, loose: false, writable: false, problems }
  if (loaded.state === 'missing') return state
  const real = await fs.realpath(path).catch(() => undefined)
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
  for (const fault of reading?.document.faults.slice(0, mostProblems) ?? [])
    problems.push({ line: fault.line, trouble: faultTrouble(path, fault) })
  return state
}

function hardLinked(path: string, links: number) {
  return {
    name: 'hard-link',
    title: 'The file has a second name',
    detail: `${path} has ${links} names (hard links). A save gives this name a new file; the other names keep the old content.`,
    remedy: 'Use a symbolic link instead, if the names should stay together.',
  }
}
