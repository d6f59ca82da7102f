import { groupOf, roleOf } from './inlinePolicies.ts'
import { namedSubject, paged } from './parameters.ts'
import type { Action, ActionContext } from './parameters.ts'
import type { Xml } from './xml.ts'

function listed(context: ActionContext, attached: readonly string[]): Xml {
  const policies = attached.map((arn) => ({ id: arn, name: arn.slice(arn.lastIndexOf('/') + 1) }))
  const { page, ...rest } = paged(context, policies, policies)
  return { AttachedPolicies: page.map(({ id, name }) => ({ PolicyName: name, PolicyArn: id })), ...rest }
}

/** Roles, and which managed policies hang on whom: told, and never changed. */
export const managedPolicies: Record<string, Action> = {
  GetRole(context) {
    const { name, maxSeconds } = roleOf(context, 'GetRole')
    const { id, partition } = context.caller.user.account
    return {
      Role: {
        Path: '/',
        RoleName: name,
        RoleId: `AROA:${name}`,
        Arn: `arn:${partition}:iam::${id}:role/${name}`,
        MaxSessionDuration: String(maxSeconds),
      },
    }
  },

  ListAttachedUserPolicies: (context) =>
    listed(context, namedSubject(context, 'ListAttachedUserPolicies').attached),

  ListAttachedRolePolicies: (context) =>
    listed(context, roleOf(context, 'ListAttachedRolePolicies').attached),

  ListAttachedGroupPolicies: (context) =>
    listed(context, groupOf(context, 'ListAttachedGroupPolicies').attached),
}
