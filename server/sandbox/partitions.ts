const byRegion: readonly (readonly [RegExp, string])[] = [
  [/^cn-/, 'aws-cn'],
  [/^us-gov-/, 'aws-us-gov'],
  [/^us-isob-/, 'aws-iso-b'],
  [/^us-isof-/, 'aws-iso-f'],
  [/^us-iso-/, 'aws-iso'],
  [/^eu-isoe-/, 'aws-iso-e'],
  [/^eusc-/, 'aws-eusc'],
]

/** Where the events of a partition's global services stand. */
export function mainRegionOf(partition: string): string {
  return mainRegions[partition] ?? 'us-east-1'
}

const mainRegions: Readonly<Record<string, string>> = {
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
  'aws-iso': 'us-iso-east-1',
  'aws-iso-b': 'us-isob-east-1',
  'aws-iso-e': 'eu-isoe-west-1',
  'aws-iso-f': 'us-isof-south-1',
  'aws-eusc': 'eusc-de-east-1',
}

const optInRegions =
  /^(af-south-1|ap-east-[12]|ap-south-2|ap-southeast-[3-7]|ca-west-1|eu-central-2|eu-south-[12]|il-central-1|me-central-1|me-south-1|mx-central-1)$/

/** Whether an account has to enable it before its keys are known there. */
export const isOptIn = (region: string): boolean => optInRegions.test(region)

/** The partition that a signing region belongs to: one server plays all of them, and the signature tells which. */
export function partitionOf(region: string): string {
  return byRegion.find(([pattern]) => pattern.test(region))?.[1] ?? 'aws'
}
