import { constants } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import fs from 'node:fs/promises'
import { devNull } from 'node:os'
import type { FileHandle } from 'node:fs/promises'
import type { Clock } from '../../platform/clock.ts'
import { kindOf } from '../../platform/fileKind.ts'
import type { Trouble } from '../../api/problem.ts'
import { onceLetGo } from '../../platform/letGo.ts'
import { codeOf, unreadable } from './fileTrouble.ts'

export type Loaded =
  | { readonly state: 'ok' | 'empty'; readonly bytes: Buffer; readonly stat: BigIntStats }
  | { readonly state: 'missing' }
  | { readonly state: 'unreadable'; readonly trouble: Trouble }

export interface LoadOptions {
  readonly clock: Clock
  /** It held profiles before, so that finding it empty or gone means that someone is writing it. */
  readonly expected: boolean
  /** Of content that we wrote ourselves, and so know to be whole. */
  readonly ours?: string
}

const stepMs = 10
const emptyPatienceMs = 2_000
/** Someone who never stops is met by the comparison before the rename, and by the look at the replaced file. */
const settlePatienceMs = 300
/** For a program that has it open without sharing it, as Windows lets it; whoever looks may look again. */
const heldPatienceMs = 2_000
/** A write this recent may still go on: `aws configure` truncates, then writes. */
const freshMs = 100

/** Identity of a file's content without reading it. */
export function versionOf(stat: BigIntStats): string {
  return `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs}`
}

/**
 * Reads a file that other programs may be writing in place: what was written just now is read until it stays the
 * same, and where it is empty or gone although it held profiles, that is waited out, at most some seconds.
 */
export async function loadFile(file: string, { clock, expected, ours }: LoadOptions): Promise<Loaded> {
  let earlier: Loaded | undefined
  for (let waited = 0; ; waited += stepMs) {
    const now = await readOnce(file, clock)
    if (now.state === 'unreadable') return now
    const absent = now.state !== 'ok'
    if (!absent && versionOf(now.stat) === ours) return now
    const patience = absent ? emptyPatienceMs : settlePatienceMs
    const waiting = absent
      ? expected || (now.state === 'empty' && isFresh(now.stat, clock))
      : !settled(now, earlier, clock)
    if (!waiting || waited >= patience) return now
    earlier = now
    await clock.sleep(stepMs)
  }
}

function settled(
  now: Loaded & { readonly bytes: Buffer; readonly stat: BigIntStats },
  earlier: Loaded | undefined,
  clock: Clock,
): boolean {
  if (!isFresh(now.stat, clock)) return true
  return (
    earlier !== undefined &&
    'bytes' in earlier &&
    versionOf(earlier.stat) === versionOf(now.stat) &&
    earlier.bytes.equals(now.bytes)
  )
}

/** Whether it was written so recently that the write may still go on. */
export function isFresh(stat: BigIntStats, clock: Clock): boolean {
  const age = clock.now() - Number(stat.mtimeMs)
  return age > -1_000 && age < freshMs
}

async function readOnce(file: string, clock: Clock): Promise<Loaded> {
  let handle: FileHandle
  try {
    // A FIFO would block an ordinary open until someone writes to it.
    const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
    handle = await onceLetGo(() => fs.open(file, flags), { clock, patienceMs: heldPatienceMs })
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return { state: 'unreadable', trouble: unreadable(file, error) }
    const link = await fs.readlink(file).catch(() => undefined)
    if (link === undefined) return { state: 'missing' }
    return {
      state: 'unreadable',
      trouble: {
        name: 'file-unreadable',
        title: 'The link leads nowhere',
        detail: `${file} is a symbolic link to ${link}, which is not there.`,
        remedy: 'Create that file, or let the link point at the right one.',
      },
    }
  }
  try {
    return await readWhole(file, handle)
  } catch (error) {
    return { state: 'unreadable', trouble: unreadable(file, error) }
  } finally {
    await handle.close().catch(() => undefined)
  }
}

async function readWhole(file: string, handle: FileHandle): Promise<Loaded> {
  for (let turn = 1; ; turn++) {
    const before = await handle.stat({ bigint: true })
    // Named on purpose, so that a tool finds nothing there.
    if (file === devNull) return { state: 'empty', bytes: Buffer.alloc(0), stat: before }
    const odd = kindOf(before)
    if (odd)
      return {
        state: 'unreadable',
        trouble: {
          name: 'file-unreadable',
          title: 'Not a file',
          detail: `${file} is ${odd}.`,
          remedy: 'Let the path name an ordinary file.',
        },
      }
    const bytes = await readFromStart(handle, Number(before.size))
    const after = await handle.stat({ bigint: true })
    // Someone who writes without a pause gets the last word in the comparison before the rename, not here.
    if (versionOf(before) === versionOf(after) || turn === 100)
      return { state: bytes.length === 0 ? 'empty' : 'ok', bytes, stat: after }
  }
}

/** All bytes from the start, wherever the handle stands. */
export async function readFromStart(handle: FileHandle, size: number): Promise<Buffer> {
  const buffer = Buffer.alloc(size)
  let at = 0
  while (at < size) {
    const { bytesRead } = await handle.read(buffer, at, size - at, at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return buffer.subarray(0, at)
}
