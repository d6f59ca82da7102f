import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  ListAccessKeysCommand,
  ListAccountAliasesCommand,
  ListMFADevicesCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts'
import type { CallOptions, Iam, KeyRecord, Signer } from '../keys/iam.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { Clock } from '../platform/clock.ts'
import { Secret } from '../profiles/keyPair.ts'
import { Caller } from './caller.ts'
import type { Environment } from './endpoints.ts'
import { AwsHttpHandler } from './httpHandler.ts'
import type { Timeouts } from './httpHandler.ts'
import { identityOf } from './identity.ts'
import { checkMfaRequest } from './mfa.ts'

export interface IamDeps {
  readonly clock: Clock
  /** From 0 up to, not including, 1. */
  readonly random: () => number
  /** Proxies and authorities; no other variable is read. An empty one for the demo. */
  readonly env: Environment
  /** Calls in flight per account, read at each call. */
  readonly callsInFlight: () => number
  readonly timeouts?: Partial<Timeouts>
}

/** Seconds that an MFA session lives: long enough for a run, short enough to be forgotten. */
const sessionSeconds = 3_600

/** AWS through its SDK. Close it to drop its connections and the credentials that its clients hold. */
export function createIam(deps: IamDeps): Iam & { close(): void } {
  const handlers = new Map<string, AwsHttpHandler>()
  const handlerFor = (caBundle = '') => {
    const handler = handlers.get(caBundle) ?? new AwsHttpHandler(deps.env, deps.timeouts, caBundle)
    handlers.set(caBundle, handler)
    return handler
  }
  const caller = new Caller(deps, handlerFor)

  async function mfaDevices(signer: Signer, options?: CallOptions): Promise<readonly string[]> {
    const serials: string[] = []
    try {
      for await (const page of pages((Marker) =>
        caller.read('iam:ListMFADevices', signer, options, ({ iam }, send) =>
          iam.send(new ListMFADevicesCommand({ ...named(signer), Marker }), send),
        ),
      )) {
        for (const { SerialNumber } of page.MFADevices ?? []) if (SerialNumber) serials.push(SerialNumber)
      }
    } catch (error) {
      if (isDenial(error)) return []
      throw error
    }
    return serials
  }

  /** A denial that a policy asking for MFA may explain is told as one, where who signed has a device to answer with. */
  async function withMfaSeen<T>(
    signer: Signer,
    options: CallOptions | undefined,
    call: () => Promise<T>,
  ): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (signer.kind === 'mfa-session' || !(error instanceof AwsFailure) || !mayBeForMfa(error)) throw error
      const self: Signer = { kind: 'own', pair: signer.pair, target: signer.target }
      const devices = await mfaDevices(self, { ...options, patienceMs: 0 }).catch(() => [])
      if (devices.length === 0) throw error
      throw caller.mfaRequired(error)
    }
  }

  return {
    async whoAmI(signer, options) {
      const { output } = await caller.read('sts:GetCallerIdentity', signer, options, ({ sts }, send) =>
        sts.send(new GetCallerIdentityCommand({}), send),
      )
      const identity = identityOf(output.Account, output.Arn)
      if (!identity) throw caller.unreadable('sts:GetCallerIdentity', signer)
      caller.learnAccount(signer, identity.account)
      return identity
    },

    listKeys: (signer, options) =>
      withMfaSeen(signer, options, async () => {
        const keys: KeyRecord[] = []
        let userName: string | undefined
        let date: number | undefined
        for await (const page of pages((Marker) =>
          caller.read('iam:ListAccessKeys', signer, options, ({ iam }, send) =>
            iam.send(new ListAccessKeysCommand({ ...named(signer), Marker }), send),
          ),
        )) {
          // An empty reply of something between us and AWS must not read as 'the user has no keys'.
          if (!page.AccessKeyMetadata) throw caller.unreadable('iam:ListAccessKeys', signer)
          date = page.date
          for (const { AccessKeyId, Status, CreateDate, UserName } of page.AccessKeyMetadata) {
            userName ??= UserName
            if (AccessKeyId) {
              keys.push({
                id: AccessKeyId,
                status: Status ?? 'Unknown',
                ...(CreateDate && { createdAt: CreateDate.getTime() }),
              })
            }
          }
        }
        return { keys, ...(userName && { userName }), ...(date !== undefined && { date }) }
      }),

    createKey: (signer, options) =>
      withMfaSeen(signer, options, async () => {
        const { output } = await caller.once('iam:CreateAccessKey', signer, options, ({ iam }, send) =>
          iam.send(new CreateAccessKeyCommand(named(signer)), send),
        )
        const { AccessKeyId, SecretAccessKey, CreateDate } = output.AccessKey ?? {}
        if (!AccessKeyId || !SecretAccessKey) throw caller.unreadable('iam:CreateAccessKey', signer)
        return {
          pair: { id: AccessKeyId, secret: new Secret(SecretAccessKey) },
          ...(CreateDate && { createdAt: CreateDate.getTime() }),
        }
      }),

    setKeyStatus: (signer, keyId, status, options) =>
      withMfaSeen(signer, options, async () => {
        await caller.repeatable('iam:UpdateAccessKey', signer, options, ({ iam }, send) =>
          iam.send(
            new UpdateAccessKeyCommand({ ...named(signer), AccessKeyId: keyId, Status: status }),
            send,
          ),
        )
      }),

    deleteKey: (signer, keyId, options) =>
      withMfaSeen(signer, options, async () => {
        let unsure = false
        try {
          await caller.repeatable(
            'iam:DeleteAccessKey',
            signer,
            options,
            ({ iam }, send) =>
              iam.send(new DeleteAccessKeyCommand({ ...named(signer), AccessKeyId: keyId }), send),
            () => (unsure = true),
          )
        } catch (error) {
          // The first send did it, and its reply was lost.
          if (unsure && error instanceof AwsFailure && error.kind === 'not-found') return
          throw error
        }
      }),

    async keyLastUsed(signer, keyId, options) {
      const { output } = await caller.read('iam:GetAccessKeyLastUsed', signer, options, ({ iam }, send) =>
        iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: keyId }), send),
      )
      const used = output.AccessKeyLastUsed
      if (!used?.LastUsedDate) return {}
      return {
        at: used.LastUsedDate.toISOString(),
        ...(isKnown(used.ServiceName) && { service: used.ServiceName }),
        ...(isKnown(used.Region) && { region: used.Region }),
      }
    },

    async accountAlias(signer, options) {
      try {
        const { output } = await caller.read('iam:ListAccountAliases', signer, options, ({ iam }, send) =>
          iam.send(new ListAccountAliasesCommand({}), send),
        )
        return output.AccountAliases?.[0]
      } catch (error) {
        if (isDenial(error)) return undefined
        throw error
      }
    },

    mfaDevices,

    async sessionWithMfa(signer, serial, code, options) {
      checkMfaRequest(serial, code)
      const { output } = await caller.once('sts:GetSessionToken', signer, options, ({ sts }, send) =>
        sts.send(
          new GetSessionTokenCommand({
            SerialNumber: serial,
            TokenCode: code,
            DurationSeconds: sessionSeconds,
          }),
          send,
        ),
      )
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = output.Credentials ?? {}
      if (!AccessKeyId || !SecretAccessKey || !SessionToken)
        throw caller.unreadable('sts:GetSessionToken', signer)
      return {
        pair: { id: AccessKeyId, secret: new Secret(SecretAccessKey) },
        sessionToken: new Secret(SessionToken),
        expiresAt: Expiration?.getTime() ?? deps.clock.now() + sessionSeconds * 1_000,
      }
    },

    close() {
      caller.clear()
      for (const handler of handlers.values()) handler.destroy()
    },
  }
}

/** AWS takes the user from a long-term key that signs; every other signer must name it. */
function named(signer: Signer): { UserName?: string } {
  return signer.kind !== 'own' && signer.userName !== undefined ? { UserName: signer.userName } : {}
}

function isKnown(value: string | undefined): value is string {
  return value !== undefined && value !== '' && value !== 'N/A'
}

function isDenial(error: unknown): boolean {
  return error instanceof AwsFailure && ['denied', 'quarantined', 'mfa-required'].includes(error.kind)
}

/** Not where AWS named the quarantine itself, nor where an organization or a boundary denies. */
function mayBeForMfa(failure: AwsFailure): boolean {
  return failure.kind === 'denied' ? failure.trouble.policy !== undefined : failure.kind === 'quarantined'
}

async function* pages<T extends { IsTruncated?: boolean; Marker?: string }>(
  page: (marker: string | undefined) => Promise<{ output: T; date?: number }>,
): AsyncGenerator<T & { date?: number }> {
  let marker: string | undefined
  do {
    const { output, date } = await page(marker)
    yield { ...output, ...(date !== undefined && { date }) }
    marker = output.IsTruncated ? output.Marker : undefined
  } while (marker)
}
