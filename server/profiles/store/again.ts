import { writeFailure } from './fileTrouble.ts'
import { MovedMeanwhile } from './storedFile.ts'
import type { StoredFile, View } from './storedFile.ts'

/** How often a write begins anew since another program wrote meanwhile. */
const mostAttempts = 20

/** Looks and writes until nobody wrote in between. @param write with a look of its own @throws Failure */
export async function again({ path }: StoredFile, write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      if (!(error instanceof MovedMeanwhile) || attempt === mostAttempts) throw writeFailure(path, error)
    }
  }
}

/** Into the place of what was seen, or where nothing was. */
export function put(file: StoredFile, view: View, bytes: Buffer): Promise<void> {
  return view.loaded.state === 'missing' ? file.create(bytes) : file.replace(view, bytes)
}
