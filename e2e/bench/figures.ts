export async function timed<T>(act: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const from = performance.now()
  const result = await act()
  return { result, ms: performance.now() - from }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new Error('nothing was measured')
  return middle
}

/** One line of the table. */
export function print(what: string, value: number, unit: string): void {
  const figure = value >= 100 ? Math.round(value).toString() : value.toFixed(1).replace(/\.0$/, '')
  process.stdout.write(`${what.padEnd(72)} ${figure.padStart(8)} ${unit}\n`)
}
