/** What stands where an address is looked for: an AWS service that acted by itself or for somebody, or nothing. */
export function isService(address: string): boolean {
  return (
    address === '' || address === 'AWS Internal' || /\.(amazonaws\.com(\.cn)?|aws\.internal)$/.test(address)
  )
}

/**
 * Which program: its first token that names one, such as `aws-cli/2.15.30`, since the rest of a user agent differs from
 * call to call; the console and Terraform by their own names.
 */
export function programOf(agent: string): string {
  if (agent === '') return ''
  if (/HashiCorp[/ ]|Terraform\//.test(agent)) return 'Terraform'
  if (/^(console|signin)\.amazonaws\.com$|^\[?S3Console/.test(agent)) return 'the console'
  const bare = agent.replace(/^\[|\]$/g, '')
  return /^\S{1,80}/.exec(bare)?.[0] ?? bare.slice(0, 80)
}
