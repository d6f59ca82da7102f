/** The part of the browser that this asks. */
export interface Workers {
  getRegistrations(): Promise<readonly Worker[]>
}

interface Worker {
  readonly scope: string
  unregister(): Promise<boolean>
}

/**
 * Service workers at our address. Keyturn has none, so that each is of another program which had this port before: it
 * may read and change all that the page loads and sends. One that hides from the page cannot be seen here.
 *
 * @param workers undefined in a browser without them
 * @returns their scopes
 */
export async function foreignWorkers(
  workers: Workers | undefined = navigator.serviceWorker,
): Promise<readonly string[]> {
  const found = (await workers?.getRegistrations().catch(() => [])) ?? []
  return found.map(({ scope }) => scope)
}

/** Removes them, and what they kept. They go when the last page that they serve is closed or loaded anew. */
export async function removeForeignWorkers(
  workers: Workers | undefined = navigator.serviceWorker,
  kept: Pick<CacheStorage, 'keys' | 'delete'> = caches,
): Promise<void> {
  for (const worker of (await workers?.getRegistrations()) ?? []) await worker.unregister()
  for (const name of await kept.keys()) await kept.delete(name)
}
