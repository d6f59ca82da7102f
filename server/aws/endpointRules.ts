import { IAMClient } from '@aws-sdk/client-iam'
import { STSClient } from '@aws-sdk/client-sts'
import './nodeVersionWarning.ts'

export interface EndpointWish {
  readonly region: string
  readonly fips: boolean
  readonly dualStack: boolean
}

/** Clients that send nothing: the rules come with them. */
const inert = { region: 'us-east-1', credentials: { accessKeyId: '-', secretAccessKey: '-' } }
let rules: ReturnType<typeof readRules> | undefined

const readRules = () => ({
  iam: new IAMClient(inert).config.endpointProvider,
  sts: new STSClient(inert).config.endpointProvider,
})

/** Where AWS's rules, as the SDK carries them, send a service's calls, and for which region they are signed. */
export function awsEndpoint(
  service: 'iam' | 'sts' | 'cloudtrail',
  { region, fips, dualStack }: EndpointWish,
): { readonly endpoint: string; readonly signingRegion: string } {
  rules ??= readRules()
  // CloudTrail's rules are those of a regional service as they come, and its hosts are named as those of STS.
  const found = rules[service === 'cloudtrail' ? 'sts' : service]({
    Region: region,
    UseFIPS: fips,
    UseDualStack: dualStack,
  })
  const schemes = found.properties?.['authSchemes'] as { signingRegion?: string }[] | undefined
  // IAM is global in a partition and says what to sign for; STS is regional and does not.
  const endpoint =
    service === 'cloudtrail' ? found.url.origin.replace('//sts', '//cloudtrail') : found.url.origin
  return { endpoint, signingRegion: schemes?.[0]?.signingRegion ?? region }
}
