/** What differs between AWS's separate worlds: names in ARNs, hosts, the region that IAM's calls are signed for. */
export interface Partition {
  /** As in ARNs. */
  readonly name: string
  readonly iamHost: string
  /** IAM is global in a partition; its calls are signed for this region, whatever the profile's. */
  readonly iamRegion: string
  /** STS is regional: `sts.REGION.DNS_SUFFIX`. */
  readonly dnsSuffix: string
  /** Where the partition has a console that people sign in to over the internet. */
  readonly consoleHost?: string
  readonly regions: RegExp
}

/**
 * Hosts and signing regions as botocore and the AWS SDK for JavaScript resolve them; partitions.test.ts compares this table
 * with the SDK's own resolver. The first is the standard partition.
 */
export const partitions: readonly [Partition, ...Partition[]] = [
  {
    name: 'aws',
    iamHost: 'iam.amazonaws.com',
    iamRegion: 'us-east-1',
    dnsSuffix: 'amazonaws.com',
    consoleHost: 'console.aws.amazon.com',
    regions: /^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+$/,
  },
  {
    name: 'aws-cn',
    iamHost: 'iam.cn-north-1.amazonaws.com.cn',
    iamRegion: 'cn-north-1',
    dnsSuffix: 'amazonaws.com.cn',
    consoleHost: 'console.amazonaws.cn',
    regions: /^cn-/,
  },
  {
    name: 'aws-us-gov',
    iamHost: 'iam.us-gov.amazonaws.com',
    iamRegion: 'us-gov-west-1',
    dnsSuffix: 'amazonaws.com',
    consoleHost: 'console.amazonaws-us-gov.com',
    regions: /^us-gov-/,
  },
  {
    name: 'aws-iso',
    iamHost: 'iam.us-iso-east-1.c2s.ic.gov',
    iamRegion: 'us-iso-east-1',
    dnsSuffix: 'c2s.ic.gov',
    regions: /^us-iso-/,
  },
  {
    name: 'aws-iso-b',
    iamHost: 'iam.us-isob-east-1.sc2s.sgov.gov',
    iamRegion: 'us-isob-east-1',
    dnsSuffix: 'sc2s.sgov.gov',
    regions: /^us-isob-/,
  },
  {
    name: 'aws-iso-e',
    iamHost: 'iam.eu-isoe-west-1.cloud.adc-e.uk',
    iamRegion: 'eu-isoe-west-1',
    dnsSuffix: 'cloud.adc-e.uk',
    regions: /^eu-isoe-/,
  },
  {
    name: 'aws-iso-f',
    iamHost: 'iam.us-isof-south-1.csp.hci.ic.gov',
    iamRegion: 'us-isof-south-1',
    dnsSuffix: 'csp.hci.ic.gov',
    regions: /^us-isof-/,
  },
  {
    name: 'aws-eusc',
    iamHost: 'iam.eusc-de-east-1.amazonaws.eu',
    iamRegion: 'eusc-de-east-1',
    dnsSuffix: 'amazonaws.eu',
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
