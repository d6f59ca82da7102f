import {
  GetGroupPolicyCommand,
  GetLoginProfileCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  ListAccessKeysCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListMFADevicesCommand,
} from '@aws-sdk/client-iam'
import { AwsFailure } from '../keys/iam.ts'
import type { CallOptions, Signer } from '../keys/iam.ts'
import type { DoorLook } from '../trail/acts.ts'
import type { Caller } from './caller.ts'
import { pages } from './pages.ts'

type Look =
  | 'GetUser'
  | 'GetLoginProfile'
  | 'GetRole'
  | 'ListAccessKeys'
  | 'ListMFADevices'
  | `ListAttached${'User' | 'Role' | 'Group'}Policies`
  | `Get${'User' | 'Role' | 'Group'}Policy`

/** Whether what an act left behind is still there, by the one call that tells. */
export function doorLooks(
  caller: Caller,
): (signer: Signer, look: DoorLook, options?: CallOptions) => Promise<boolean> {
  type Send = Parameters<Parameters<Caller['read']>[3]>
  const ask = <T>(action: Look, signer: Signer, send: (...args: Send) => Promise<T>, options?: CallOptions) =>
    caller.read(`iam:${action}`, signer, options, send as never) as Promise<{ output: T; date?: number }>

  async function among<T extends { IsTruncated?: boolean; Marker?: string }>(
    action: Look,
    signer: Signer,
    page: (Marker: string | undefined, ...args: Send) => Promise<T>,
    has: (page: T) => boolean | undefined,
    options?: CallOptions,
  ): Promise<boolean> {
    const unreadable = () => caller.unreadable(`iam:${action}`, signer)
    const list = (Marker: string | undefined) =>
      ask(action, signer, (...args) => page(Marker, ...args), options)
    for await (const each of pages(list, unreadable)) {
      const found = has(each)
      // A reply without its list must not read as 'gone'.
      if (found === undefined) throw unreadable()
      if (found) return true
    }
    return false
  }

  const attached = (
    { to, name, policy }: Extract<DoorLook, { kind: 'attached' }>,
    signer: Signer,
    options?: CallOptions,
  ) => {
    const has = (page: {
      AttachedPolicies?: { PolicyArn?: string | undefined }[] | undefined
      IsTruncated?: boolean
      Marker?: string
    }) => page.AttachedPolicies?.some(({ PolicyArn }) => PolicyArn === policy)
    if (to === 'user')
      return among(
        'ListAttachedUserPolicies',
        signer,
        (Marker, { iam }, send) =>
          iam.send(new ListAttachedUserPoliciesCommand({ UserName: name, Marker }), send),
        has,
        options,
      )
    if (to === 'role')
      return among(
        'ListAttachedRolePolicies',
        signer,
        (Marker, { iam }, send) =>
          iam.send(new ListAttachedRolePoliciesCommand({ RoleName: name, Marker }), send),
        has,
        options,
      )
    return among(
      'ListAttachedGroupPolicies',
      signer,
      (Marker, { iam }, send) =>
        iam.send(new ListAttachedGroupPoliciesCommand({ GroupName: name, Marker }), send),
      has,
      options,
    )
  }

  const inline = (
    { to, name, policy: PolicyName }: Extract<DoorLook, { kind: 'inline' }>,
    signer: Signer,
    options?: CallOptions,
  ): Promise<unknown> => {
    if (to === 'user')
      return ask(
        'GetUserPolicy',
        signer,
        ({ iam }, send) => iam.send(new GetUserPolicyCommand({ UserName: name, PolicyName }), send),
        options,
      )
    if (to === 'role')
      return ask(
        'GetRolePolicy',
        signer,
        ({ iam }, send) => iam.send(new GetRolePolicyCommand({ RoleName: name, PolicyName }), send),
        options,
      )
    return ask(
      'GetGroupPolicy',
      signer,
      ({ iam }, send) => iam.send(new GetGroupPolicyCommand({ GroupName: name, PolicyName }), send),
      options,
    )
  }

  async function isThere(signer: Signer, look: DoorLook, options?: CallOptions): Promise<boolean> {
    switch (look.kind) {
      case 'user':
        await ask(
          'GetUser',
          signer,
          ({ iam }, send) => iam.send(new GetUserCommand({ UserName: look.user }), send),
          options,
        )
        return true
      case 'password':
        await ask(
          'GetLoginProfile',
          signer,
          ({ iam }, send) => iam.send(new GetLoginProfileCommand({ UserName: look.user }), send),
          options,
        )
        return true
      case 'role':
        await ask(
          'GetRole',
          signer,
          ({ iam }, send) => iam.send(new GetRoleCommand({ RoleName: look.role }), send),
          options,
        )
        return true
      case 'key':
        return among(
          'ListAccessKeys',
          signer,
          (Marker, { iam }, send) =>
            iam.send(new ListAccessKeysCommand({ UserName: look.user, Marker }), send),
          // One that is off is a door no more, and can be opened again: it is there.
          (page) => page.AccessKeyMetadata?.some(({ AccessKeyId }) => AccessKeyId === look.key),
          options,
        )
      case 'mfa':
        return among(
          'ListMFADevices',
          signer,
          (Marker, { iam }, send) =>
            iam.send(new ListMFADevicesCommand({ UserName: look.user, Marker }), send),
          (page) => page.MFADevices?.some(({ SerialNumber }) => SerialNumber === look.serial),
          options,
        )
      case 'attached':
        return attached(look, signer, options)
      case 'inline':
        await inline(look, signer, options)
        return true
    }
  }

  return async (signer, look, options) => {
    try {
      return await isThere(signer, look, options)
    } catch (error) {
      if (error instanceof AwsFailure && error.kind === 'not-found') return false
      throw error
    }
  }
}
