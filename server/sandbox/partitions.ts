const byRegion: readonly (readonly [RegExp, string])[] = [
  [/^cn-/, 'aws-cn'],
  [/^us-gov-/, 'aws-us-gov'],
  [/^us-isob-/, 'aws-iso-b'],
  [/^us-isof-/, 'aws-iso-f'],
  [/^us-iso-/, 'aws-iso'],
  [/^eu-isoe-/, 'aws-iso-e'],
  [/^eusc-/, 'aws-eusc'],
]

/** The partition that a signing region belongs to: one server plays all of them, and the signature tells which. */
export function partitionOf(region: string): string {
  return byRegion.find(([pattern]) => pattern.test(region))?.[1] ?? 'aws'
}
