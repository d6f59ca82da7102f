import type { AwsFailure } from '../keys/iam.ts'

/** The longest list of a user's has eight devices in it; what goes on after this many pages never ends. */
const mostPages = 10

/** @param endless makes the failure for a list that has no end, or comes back to where it was */
export async function* pages<T extends { IsTruncated?: boolean; Marker?: string }>(
  page: (marker: string | undefined) => Promise<{ output: T; date?: number }>,
  endless: () => AwsFailure,
): AsyncGenerator<T & { date?: number }> {
  const seen = new Set<string>()
  for (let marker: string | undefined; ;) {
    const { output, date } = await page(marker)
    yield { ...output, ...(date !== undefined && { date }) }
    marker = output.IsTruncated ? output.Marker : undefined
    if (!marker) return
    if (seen.has(marker) || seen.size === mostPages) throw endless()
    seen.add(marker)
  }
}
