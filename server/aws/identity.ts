import type { Identity } from '../keys/iam.ts'

/**
 * Who an ARN of GetCallerIdentity names. The friendly name of a user is what follows the last slash: a path may come before it.
 */
export function identityOf(account: string | undefined, arn: string | undefined): Identity | undefined {
  if (!account || !arn) return undefined
  const resource = arn.split(':').slice(5).join(':')
  const kind = kindOf(resource)
  return {
    account,
    arn,
    kind,
    ...(kind === 'user' && { userName: resource.slice(resource.lastIndexOf('/') + 1) }),
  }
}

function kindOf(resource: string): Identity['kind'] {
  if (resource === 'root') return 'root'
  if (resource.startsWith('user/')) return 'user'
  if (resource.startsWith('assumed-role/')) return 'assumed-role'
  if (resource.startsWith('federated-user/')) return 'federated-user'
  return 'other'
}
