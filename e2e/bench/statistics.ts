export async function timed<T>(act: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const from = performance.now()
  const result = await act()
  return { result, ms: performance.now() - from }
}

export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** The value that so many per cent of the values do not exceed (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const found = sorted[Math.max(0, Math.ceil((share / 100) * sorted.length) - 1)]
  if (found === undefined) throw new Error('nothing was measured')
  return found
}

/** What `act` gives, so many times, one after the other. */
export async function repeat<T>(times: number, act: (turn: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let turn = 0; turn < times; turn += 1) results.push(await act(turn))
  return results
}
