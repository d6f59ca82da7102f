import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'

export type Kind = [string, (at: string) => Promise<unknown>]

/** Left by a program that is gone. */
async function socketAt(at: string): Promise<void> {
  spawnSync(process.execPath, [
    '-e',
    'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))',
    at,
  ])
}

const unreadable: Kind = ['an unreadable file', (at) => fs.writeFile(at, 'x', { mode: 0 })]
export const kinds: readonly Kind[] = [
  ['a directory', (at) => fs.mkdir(path.join(at, 'below'), { recursive: true })],
  ['a FIFO', async (at) => execFileSync('mkfifo', [at])],
  ['a link that leads nowhere', (at) => fs.symlink('nowhere', at)],
  ['links in a circle', (at) => fs.symlink(path.basename(at), at)],
  ['a device', (at) => fs.symlink('/dev/zero', at)],
  ['garbage', (at) => fs.writeFile(at, Buffer.from([0xff, 0, 0x0a, 0x7b, 0x0a, 0xfe]))],
  ['an empty file', (at) => fs.writeFile(at, '')],
  ['a file of 3 GB', async (at) => (await fs.writeFile(at, ''), fs.truncate(at, 3 * 2 ** 30))],
  ['a socket', socketAt],
  // Root may read all.
  ...(process.getuid?.() === 0 ? [] : [unreadable]),
]

/** Each with how a command names it; undefined: where nothing depends on it, nothing need be said. */
export const places: readonly [string, 'stops' | 'is named' | 'is nothing'][] = [
  ['lock', 'stops'],
  ['settings.json', 'stops'],
  ['keys.json', 'is named'],
  ['files.json', 'is nothing'],
  ['calls.json', 'is nothing'],
  ['ledger.jsonl', 'is named'],
  ['places.jsonl', 'is named'],
  ['after.jsonl', 'is named'],
  ['watched.jsonl', 'is named'],
  ['leak.json', 'is nothing'],
  ['socket', 'is nothing'],
  ['runs', 'is named'],
  ['undo', 'is nothing'],
  ['hooks', 'is nothing'],
  ['runs/20260101T000000000Z-abcdef.jsonl', 'is named'],
  ['undo/AKIAOLD0000000000000.json', 'is nothing'],
]
