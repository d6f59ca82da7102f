import { unwatchFile, watch, watchFile } from 'node:fs'
import type { FSWatcher, StatsListener } from 'node:fs'
import { realpathSync } from 'node:fs'
import path from 'node:path'

/** Longest time until a change is seen where the system tells nothing (network file systems), in milliseconds. */
const pollMs = 500

/**
 * Calls back soon after a file appears, changes, is replaced or goes. The directories are watched, since a watch on a
 * file stays with the replaced inode; a look at the file twice a second covers what the system does not tell.
 * Neither keeps the process alive.
 */
export function watchFiles(files: readonly string[], listener: () => void): () => void {
  const stops = files.flatMap((file) => [
    poll(file, listener),
    ...directoriesOf(file).map((place) => listen(place, listener)),
  ])
  return () => {
    for (const stop of stops) stop()
  }
}

function poll(file: string, listener: () => void): () => void {
  const onStat: StatsListener = (now, before) => {
    // It also calls back on a mere read, which changes the access time.
    if (
      now.mtimeMs !== before.mtimeMs ||
      now.size !== before.size ||
      now.ino !== before.ino ||
      now.mode !== before.mode
    )
      listener()
  }
  watchFile(file, { interval: pollMs, persistent: false }, onStat)
  return () => unwatchFile(file, onStat)
}

function listen({ directory, name }: Place, listener: () => void): () => void {
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(directory, { persistent: false }, (_, changed) => {
      if (changed === null || changed === name) listener()
    })
    // A directory that goes away, or a system out of watches: the look twice a second remains.
    watcher.on('error', () => watcher?.close())
  } catch {
    return () => undefined
  }
  return () => watcher?.close()
}

interface Place {
  readonly directory: string
  readonly name: string
}

/** Where the name stands, and where a symlink leads. */
function directoriesOf(file: string): Place[] {
  const places = [{ directory: path.dirname(file), name: path.basename(file) }]
  try {
    const real = realpathSync(file)
    if (real !== file) places.push({ directory: path.dirname(real), name: path.basename(real) })
  } catch {
    // Not there yet: the first place tells when it appears.
  }
  return places
}
