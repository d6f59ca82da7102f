import type { Which } from '../../api/inventory.ts'

/** What a section that is written anew holds. */
export interface NewSection {
  readonly profile: string
  readonly id: string
  readonly secret: string
  readonly region?: string
}

/** The header, without its brackets. A name that would need quotes is one that readers differ on: none was written. */
export function headerFor(file: Which, profile: string): string {
  return file === 'credentials' || profile === 'default' ? profile : `profile ${profile}`
}

/** The lines of a profile that is written anew. */
export function sectionLines(file: Which, section: NewSection): string[] {
  return [`[${headerFor(file, section.profile)}]`, ...settingsOf(section).map((each) => each.line)]
}

/** Its settings in their order, each with its line. */
export function settingsOf({ id, secret, region }: NewSection) {
  const settings = [
    { key: 'aws_access_key_id', value: id },
    { key: 'aws_secret_access_key', value: secret },
    ...(region === undefined ? [] : [{ key: 'region', value: region }]),
  ]
  return settings.map((each) => ({ ...each, line: `${each.key} = ${each.value}` }))
}
