import { lstatSync } from 'node:fs'
import fs from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'

/** Both ends of a conversation in JSON lines. */
export interface Line {
  send(message: unknown): void
  /** Ends after all that was sent has gone out. */
  end(): void
  /** At once. */
  drop(): void
}

/** What a system's name of a socket may have, in bytes: macOS's 104, the last of them zero. Longer ones are cut off. */
const longestName = 103
/** Nothing that is said here is longer: a plan of a thousand keys has some hundred kilobytes. */
const mostCharacters = 64 * 1024 * 1024

/** Whether a socket of this name can be had: Windows has none that a directory's rights guard. */
export const canHaveSocket = (file: string): boolean =>
  process.platform !== 'win32' && Buffer.byteLength(file) <= longestName

/**
 * Listens where only this user can reach it. The caller holds the lock of the directory, so that a socket which is there
 * was left by a process that is gone.
 *
 * The directory (0700, ours) keeps other users of the machine from connecting, which would let them give orders; the
 * socket is made 0600 for file systems and systems that look at that instead.
 *
 * @param onLine is called with each connection
 * @returns how to end it, its name included
 * @throws the system's error; where something else than a socket has the name too
 */
export async function listenOwn(file: string, onLine: (socket: net.Socket) => void): Promise<() => void> {
  const there = await fs.lstat(file).catch(() => undefined)
  if (there?.isSocket()) await fs.rm(file, { force: true })
  const server = net.createServer(onLine)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // The name is made in this very call: never is it there for a moment with the rights of the shell's umask.
    const umask = process.umask(0o177)
    try {
      server.listen(file, resolve)
    } finally {
      process.umask(umask)
    }
  })
  server.on('error', () => undefined)
  server.unref()
  return () => void server.close()
}

/**
 * Connects to the socket of this user, and to no other: somebody else's could ask for MFA codes in our name, or say that keys
 * were rotated that were not.
 * @returns undefined where there is none, or nobody answers there
 */
export function connectOwn(file: string): Promise<net.Socket | undefined> {
  if (!isOurs(file)) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const socket = net.connect(file)
    socket.once('error', () => resolve(undefined))
    socket.once('connect', () => resolve(socket))
  })
}

/** The directory decides who may put a socket there; looked at as a whole at one moment. */
function isOurs(file: string): boolean {
  try {
    const uid = process.getuid?.()
    const [directory, socket] = [lstatSync(path.dirname(file)), lstatSync(file)]
    return (
      directory.isDirectory() &&
      socket.isSocket() &&
      [directory, socket].every((each) => each.uid === uid && (each.mode & 0o077) === 0)
    )
  } catch {
    return false
  }
}

/** @param onMessage is called with each JSON line; what is none ends the conversation, as does the other end's leaving */
export function talk(
  socket: net.Socket,
  onMessage: (message: Readonly<Record<string, unknown>>) => void,
  onEnd: () => void,
): Line {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() as string
    if (rest.length > mostCharacters) return void socket.destroy()
    for (const line of lines) {
      const message = parsed(line)
      if (!message) return void socket.destroy()
      onMessage(message)
    }
  })
  socket.on('error', () => undefined)
  socket.once('close', onEnd)
  return {
    send: (message) => void (socket.writable && socket.write(`${JSON.stringify(message)}\n`)),
    end: () => void socket.end(),
    drop: () => void socket.destroy(),
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
