import type { Target } from '../keys/iam.ts'
import { Failure } from '../platform/failure.ts'
import type { ProfileSettings } from '../profiles/ports.ts'
import { awsEndpoint } from './endpointRules.ts'
import { isRegion, partitionOf, partitions } from './partitions.ts'

type ServiceName = 'iam' | 'sts' | 'cloudtrail'
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Where a profile's calls go. Resolved here and passed to the SDK in full, because the SDK's own `profile:` option
 * takes the region of that profile but the endpoint of AWS_PROFILE or `default`.
 *
 * Region: the profile's, else AWS_REGION, else AWS_DEFAULT_REGION, else us-east-1 of the standard partition. The profile
 * goes before the environment, unlike in the AWS CLI: the region says which partition the key lives in, and one
 * variable of the shell must not send a China profile's key to another partition.
 *
 * Endpoint: `override` (--endpoint-url), AWS_ENDPOINT_URL_IAM / AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, the profile's
 * `services` section, its `endpoint_url`; all but the first are passed over where AWS_IGNORE_CONFIGURED_ENDPOINT_URLS or
 * `ignore_configured_endpoint_urls` is true (AWS SDKs and Tools Reference Guide, 'Service-specific endpoints'). A custom endpoint is
 * signed for the region itself.
 *
 * AWS's own hosts come from the SDK's endpoint rules, for AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, else the
 * profile's `use_fips_endpoint` and `use_dualstack_endpoint`. Those rules refuse either beside a custom endpoint.
 *
 * @throws Failure `region-invalid`, `endpoint-invalid`
 */
export function resolveTarget(settings: ProfileSettings, env: Environment, override?: string): Target {
  const { region, regionSource } = regionOf(settings, env)
  const partition = partitionOf(region)
  const { mainRegion } = partition
  // A name that no region has, such as us-east-1a or Ireland: IAM needs none, and an STS of that name is nowhere.
  const real = isRegion(region) ? region : mainRegion
  const caBundle = settings.values.ca_bundle?.trim()
  const service = (name: ServiceName, where: string) => serviceEndpoint(name, where, settings, env, override)
  const iam = service('iam', real)
  const sts = service('sts', real)
  return {
    partition: partition.name,
    region,
    regionSource,
    iam,
    sts,
    ...(real !== mainRegion && { mainSts: service('sts', mainRegion) }),
    ...(isWanted('use_fips_endpoint', settings, env) && { fips: true }),
    ...(caBundle && { caBundle }),
    // What somebody runs at an address of its own has no console of AWS's.
    ...(partition.consoleHost && !iam.custom && { consoleHost: partition.consoleHost }),
  }
}

/**
 * The same for CloudTrail of a region of the profile's partition, whose endpoint may also be AWS_ENDPOINT_URL_CLOUDTRAIL or
 * stand in `services`.
 *
 * @throws Failure `region-invalid`, also for a region of another partition; `endpoint-invalid`
 */
export function resolveTrailTarget(
  settings: ProfileSettings,
  region: string,
  env: Environment,
  override?: string,
): Target {
  const target = resolveTarget(settings, env, override)
  const asked = checkedRegion(region, 'What was asked for')
  const { name } = partitionOf(asked)
  if (name !== target.partition) {
    throw new Failure({
      name: 'region-invalid',
      title: 'A region of another partition',
      detail: `${asked} is a region of ${name}, and the key is one of ${target.partition}: nothing was sent there.`,
      remedy: 'Name regions of the partition that the key belongs to.',
    })
  }
  const cloudtrail = serviceEndpoint('cloudtrail', asked, settings, env, override)
  return { ...target, region: asked, cloudtrail }
}

function serviceEndpoint(
  name: ServiceName,
  region: string,
  settings: ProfileSettings,
  env: Environment,
  override: string | undefined,
): Target['iam'] {
  const fips = isWanted('use_fips_endpoint', settings, env)
  const dualStack = isWanted('use_dualstack_endpoint', settings, env)
  const custom = override || configuredEndpoint(name, settings, env)
  if (!custom) return { ...awsEndpoint(name, { region, fips, dualStack }), custom: false }
  if (fips || dualStack) throw noVariantOf(fips ? 'FIPS' : 'Dual-stack')
  return { endpoint: checkedUrl(custom), signingRegion: region, custom: true }
}

/** @throws Failure: what cannot be read must not be taken for 'no' by somebody who must use validated cryptography */
function isWanted(name: string, settings: ProfileSettings, env: Environment): boolean {
  const variable = `AWS_${name.toUpperCase()}`
  const value = (env[variable]?.trim() || settings.values[name]?.trim() || 'false').toLowerCase()
  if (value === 'true' || value === 'false') return value === 'true'
  throw new Failure({
    name: 'endpoint-invalid',
    title: 'A setting of the endpoint is neither true nor false',
    detail: `${env[variable]?.trim() ? variable : name} must be true or false, so nothing was sent.`,
    remedy: 'Write true or false.',
  })
}

function noVariantOf(variant: string): Failure {
  return new Failure({
    name: 'endpoint-invalid',
    title: `${variant} hosts and a custom endpoint exclude each other`,
    detail: `${variant} hosts of AWS are asked for, and an endpoint of its own is set: AWS's rules allow one of them. Nothing was sent.`,
    remedy: `Remove the custom endpoint, or the setting that asks for ${variant} hosts.`,
  })
}

function regionOf(settings: ProfileSettings, env: Environment): Pick<Target, 'region' | 'regionSource'> {
  const own = withoutComment(settings.values.region ?? '')
  if (own) return { region: checkedRegion(own, 'The profile'), regionSource: 'profile' }
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) {
    const value = env[name]?.trim()
    if (value) return { region: checkedRegion(value, name), regionSource: 'environment' }
  }
  return { region: partitions[0].mainRegion, regionSource: 'default' }
}

/** A comment behind the value, which some readers take into it: `eu-west-1 # home`. */
function withoutComment(value: string): string {
  return value.replace(/(^|\s)[#;].*$/s, '').trim()
}

/** A region becomes part of a host name: anything but a label could send the signed request somewhere else. */
function checkedRegion(value: string, where: string): string {
  const region = value.toLowerCase()
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(region)) {
    throw new Failure({
      name: 'region-invalid',
      title: 'The region is not one',
      detail: `${where} names a region that cannot be one, so nothing was sent.`,
      remedy: 'Write it as AWS does, such as eu-central-1.',
    })
  }
  // `aws-global` and its like are names for 'no particular region', which a regional host cannot hold.
  return region.endsWith('-global') ? partitionOf(region).mainRegion : region
}

function configuredEndpoint(
  service: ServiceName,
  settings: ProfileSettings,
  env: Environment,
): string | undefined {
  const ignored = [env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, settings.values.ignore_configured_endpoint_urls]
  if (ignored.some((value) => value?.trim().toLowerCase() === 'true')) return undefined
  return [
    env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`],
    env.AWS_ENDPOINT_URL,
    settings.services[service]?.endpoint_url,
    settings.values.endpoint_url,
  ].find((value) => value?.trim())
}

function checkedUrl(value: string): string {
  const text = value.trim()
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new Failure({
      name: 'endpoint-invalid',
      title: 'The endpoint is not a web address',
      detail: 'The endpoint set for this profile cannot be used, so nothing was sent.',
      remedy: 'Write it as http://host:port or https://host, without a user name, a query or a fragment.',
    })
  }
  return url.href.replace(/\/$/, '')
}
