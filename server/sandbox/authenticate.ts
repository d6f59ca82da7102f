import { expiredToken, invalidToken } from './awsError.ts'
import type { Caller } from './authorize.ts'
import type { Service } from './call.ts'
import { deniedInline } from './inlinePolicies.ts'
import { ownerOf } from './model.ts'
import { partitionOf } from './partitions.ts'
import { checkSignature, checkStamp } from './signature.ts'
import type { Claim, WireRequest } from './signature.ts'
import type { World } from './world.ts'

/**
 * Who signed, if it is someone. Unknown, deleted, inactive and not yet spread keys are told alike, as are keys of
 * another partition; only then is the signature looked at.
 *
 * @throws AwsError InvalidClientTokenId, ExpiredToken, SignatureDoesNotMatch
 */
export async function authenticate(
  world: World,
  service: Service,
  claim: Claim,
  request: WireRequest,
): Promise<Caller> {
  const partition = partitionOf(claim.region)
  const accounts = world.accounts.filter((account) => account.partition === partition)
  if (claim.token !== undefined) {
    const session = accounts
      .flatMap(({ sessions }) => sessions)
      .find(({ id, token }) => id === claim.keyId && token === claim.token)
    if (!session) throw invalidToken()
    if (world.serverNow() >= session.expiresAt) throw expiredToken()
    checkStamp(claim, world.serverNow())
    await checkSignature(request, claim, session.secret)
    const { user, issuedAt, role } = session
    const policies = (role ?? user).inlinePolicies
    return {
      user,
      session,
      deniedInline: (action) => deniedInline(policies, action, issuedAt, world.now()),
    }
  }
  const found = ownerOf(accounts, claim.keyId)
  if (!found || !found.key.replicas[service === 'iam' ? 'iam' : 'sts'].ask(world.now())) throw invalidToken()
  checkStamp(claim, world.serverNow())
  await checkSignature(request, claim, found.key.secret)
  const { user } = found
  return {
    user,
    deniedInline: (action) => deniedInline(user.inlinePolicies, action, undefined, world.now()),
    recordUse: () => world.recordUse(found.key, service, claim.region),
  }
}
