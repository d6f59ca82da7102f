import { closeSync, ftruncateSync, futimesSync, openSync, writeSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import type { Ground } from './ground.ts'

/** Another program that has had the credentials file open since before our save, and writes all of it anew. */
export function lateWriter({ credentials }: Pick<Ground, 'credentials'>): (text: string) => void {
  const file = openSync(credentials, 'r+')
  onTestFinished(() => closeSync(file))
  return (text) => {
    ftruncateSync(file)
    writeSync(file, text, 0)
    futimesSync(file, 1, 1)
  }
}
