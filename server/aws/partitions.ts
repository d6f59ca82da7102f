/** What differs between AWS's separate worlds: names in ARNs, regions, consoles. */
export interface Partition {
  /** As in ARNs. */
  readonly name: string
  /** Taken where only the partition is known. */
  readonly mainRegion: string
  /** Where the partition has a console that people sign in to over the internet. */
  readonly consoleHost?: string
  readonly regions: RegExp
  /** Those that every account has. */
  readonly open: readonly string[]
  /** Those that an account must enable first: until then its keys are unknown there. */
  readonly optIn?: readonly string[]
}

/** Where calls go in a partition is told by endpointRules.ts. The first is the standard partition. */
export const partitions: readonly [Partition, ...Partition[]] = [
  {
    name: 'aws',
    mainRegion: 'us-east-1',
    consoleHost: 'console.aws.amazon.com',
    regions: /^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+$/,
    open: [
      ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'sa-east-1'],
      ...['eu-central-1', 'eu-north-1', 'eu-west-1', 'eu-west-2', 'eu-west-3'],
      ...['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1'],
      ...['ap-southeast-1', 'ap-southeast-2'],
    ],
    optIn: [
      ...['af-south-1', 'ap-east-1', 'ap-east-2', 'ap-south-2', 'ap-southeast-3', 'ap-southeast-4'],
      ...['ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7', 'ca-west-1', 'eu-central-2'],
      ...['eu-south-1', 'eu-south-2', 'il-central-1', 'me-central-1', 'me-south-1', 'mx-central-1'],
    ],
  },
  {
    name: 'aws-cn',
    mainRegion: 'cn-north-1',
    consoleHost: 'console.amazonaws.cn',
    regions: /^cn-/,
    open: ['cn-north-1', 'cn-northwest-1'],
  },
  {
    name: 'aws-us-gov',
    mainRegion: 'us-gov-west-1',
    consoleHost: 'console.amazonaws-us-gov.com',
    regions: /^us-gov-/,
    open: ['us-gov-east-1', 'us-gov-west-1'],
  },
  {
    name: 'aws-iso',
    mainRegion: 'us-iso-east-1',
    regions: /^us-iso-/,
    open: ['us-iso-east-1', 'us-iso-west-1'],
  },
  {
    name: 'aws-iso-b',
    mainRegion: 'us-isob-east-1',
    regions: /^us-isob-/,
    open: ['us-isob-east-1', 'us-isob-west-1'],
  },
  {
    name: 'aws-iso-e',
    mainRegion: 'eu-isoe-west-1',
    regions: /^eu-isoe-/,
    open: ['eu-isoe-west-1'],
  },
  {
    name: 'aws-iso-f',
    mainRegion: 'us-isof-south-1',
    regions: /^us-isof-/,
    open: ['us-isof-east-1', 'us-isof-south-1'],
  },
  {
    name: 'aws-eusc',
    mainRegion: 'eusc-de-east-1',
    consoleHost: 'eusc-de-east-1.console.amazonaws-eusc.eu',
    regions: /^eusc-/,
    open: ['eusc-de-east-1'],
  },
]

/** Whether a name has the form of a region of any partition. */
export function isRegion(name: string): boolean {
  return partitions.some(({ regions }) => regions.test(name))
}

/** Whether an account has to enable the region before it is there. */
export function isOptIn(region: string): boolean {
  return partitionOf(region).optIn?.includes(region) ?? false
}

/** @param name of a partition; one that is not known is taken for the standard one */
export function regionsOf(name: string) {
  const {
    mainRegion,
    open,
    optIn = [],
    regions,
  } = partitions.find((each) => each.name === name) ?? partitions[0]
  return { main: mainRegion, all: [...open, ...optIn], has: (region: string) => regions.test(region) }
}

/** The partition of a region. A region that no partition claims is taken for a new one of the standard partition. */
export function partitionOf(region: string): Partition {
  return (
    partitions.find((each) => each.regions.test(region) || region === `${each.name}-global`) ?? partitions[0]
  )
}
