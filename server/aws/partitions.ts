/** What differs between AWS's separate worlds: names in ARNs, regions, consoles. */
export interface Partition {
  /** As in ARNs. */
  readonly name: string
  /** Taken where only the partition is known. */
  readonly mainRegion: string
  /** Where the partition has a console that people sign in to over the internet. */
  readonly consoleHost?: string
  readonly regions: RegExp
}

/** Where calls go in a partition is told by endpointRules.ts. The first is the standard partition. */
export const partitions: readonly [Partition, ...Partition[]] = [
  {
    name: 'aws',
    mainRegion: 'us-east-1',
    consoleHost: 'console.aws.amazon.com',
    regions: /^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+$/,
  },
  {
    name: 'aws-cn',
    mainRegion: 'cn-north-1',
    consoleHost: 'console.amazonaws.cn',
    regions: /^cn-/,
  },
  {
    name: 'aws-us-gov',
    mainRegion: 'us-gov-west-1',
    consoleHost: 'console.amazonaws-us-gov.com',
    regions: /^us-gov-/,
  },
  {
    name: 'aws-iso',
    mainRegion: 'us-iso-east-1',
    regions: /^us-iso-/,
  },
  {
    name: 'aws-iso-b',
    mainRegion: 'us-isob-east-1',
    regions: /^us-isob-/,
  },
  {
    name: 'aws-iso-e',
    mainRegion: 'eu-isoe-west-1',
    regions: /^eu-isoe-/,
  },
  {
    name: 'aws-iso-f',
    mainRegion: 'us-isof-south-1',
    regions: /^us-isof-/,
  },
  {
    name: 'aws-eusc',
    mainRegion: 'eusc-de-east-1',
    consoleHost: 'eusc-de-east-1.console.amazonaws-eusc.eu',
    regions: /^eusc-/,
  },
]

/** The partition of a region. A region that no partition claims is taken for a new one of the standard partition. */
export function partitionOf(region: string): Partition {
  return (
    partitions.find((each) => each.regions.test(region) || region === `${each.name}-global`) ?? partitions[0]
  )
}
