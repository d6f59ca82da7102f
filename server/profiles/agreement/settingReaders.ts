import type { ProfileSettings } from '../ports.ts'

/** Readers that refuse a profile, or pass over its pair, for one of its other settings. */
export type SettingReader = 'Go 2' | 'Java 2'

export interface SettingFinding {
  readonly reader: SettingReader
  /** Lower-case, as in the file. */
  readonly setting: string
  readonly refuses: 'value' | 'alone' | 'before'
}

const oneOf = (...words: readonly string[]) => new RegExp(`^(${words.join('|')})$`)
const anyCase = (...words: readonly string[]) => new RegExp(`^(${words.join('|')})$`, 'i')

/** What the SDK for Go, version 2, takes for these; any other value is an error that loses the profile. */
const goTakes: Readonly<Record<string, RegExp>> = {
  max_attempts: /^[+-]?\d+$/,
  retry_mode: oneOf('standard', 'adaptive'),
  defaults_mode: anyCase('auto', 'cross-region', 'in-region', 'legacy', 'mobile', 'standard'),
  account_id_endpoint_mode: oneOf('preferred', 'required', 'disabled'),
  request_checksum_calculation: anyCase('when_supported', 'when_required'),
  response_checksum_validation: anyCase('when_supported', 'when_required'),
  disable_request_compression: oneOf('true', 'false'),
  request_min_compression_size_bytes: /^\d+$/,
  ec2_metadata_service_endpoint_mode: anyCase('', 'ipv4', 'ipv6'),
}

/**
 * For a profile whose static pair the AWS CLI and the JavaScript SDK use: the settings beside it for which another SDK
 * does not.
 */
export function settingReaders({ values }: ProfileSettings): SettingFinding[] {
  const found: SettingFinding[] = []
  for (const [setting, takes] of Object.entries(goTakes)) {
    const value = values[setting]
    if (value !== undefined && !takes.test(value)) found.push({ reader: 'Go 2', setting, refuses: 'value' })
  }
  for (const setting of ['source_profile', 'credential_source'])
    if (values[setting] && !values['role_arn']) found.push({ reader: 'Go 2', setting, refuses: 'alone' })
  for (const setting of ['credential_process', 'login_session'])
    if (values[setting]) found.push({ reader: 'Java 2', setting, refuses: 'before' })
  return found
}
