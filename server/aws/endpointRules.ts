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
  service: 'iam' | 'sts',
  { region, fips, dualStack }: EndpointWish,
): { readonly endpoint: string; readonly signingRegion: string } {
  rules ??= readRules()
  const found = rules[service]({ Region: region, UseFIPS: fips, UseDualStack: dualStack })
  const schemes = found.properties?.['authSchemes'] as { signingRegion?: string }[] | undefined
  // IAM is global in a partition and says what to sign for; STS is regional and does not.
  return { endpoint: found.url.origin, signingRegion: schemes?.[0]?.signingRegion ?? region }
}
