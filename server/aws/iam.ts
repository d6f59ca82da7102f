import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  ListAccessKeysCommand,
  ListAccountAliasesCommand,
  ListMFADevicesCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { GetSessionTokenCommand } from '@aws-sdk/client-sts'
import { doorLooks } from './doorLooks.ts'
import type { UserCredentials } from '../credentials/ports.ts'
import type { CallOptions, Iam, KeyRecord, Signer } from '../keys/iam.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { Clock } from '../platform/clock.ts'
import { parseKeyId } from '../profiles/keyId.ts'
import { Secret } from '../profiles/keyPair.ts'
import type { EventHistory } from '../trail/ports.ts'
import type { OnAnswered } from './answeredCall.ts'
import { Caller } from './caller.ts'
import type { Environment } from './endpoints.ts'
import { eventHistory } from './eventHistory.ts'
import { AwsHttpHandler } from './httpHandler.ts'
import type { Timeouts } from './httpHandler.ts'
import { checkMfaRequest } from './mfa.ts'
import { pages } from './pages.ts'
import { userCredentials } from './userCredentials.ts'
import { WhoAmI } from './whoAmI.ts'

export interface IamDeps {
  readonly clock: Clock
  /** From 0 up to, not including, 1. */
  readonly random: () => number
  /** Proxies and authorities; no other variable is read. An empty one for the demo. */
  readonly env: Environment
  /** Calls in flight per account, read at each call. */
  readonly callsInFlight: () => number
  readonly timeouts?: Partial<Timeouts>
  /** Told of every call that AWS answered with what was asked for. */
  readonly onAnswered?: OnAnswered
}

/** Seconds that an MFA session lives: long enough for a run, short enough to be forgotten. */
const sessionSeconds = 3_600

/** AWS through its SDK. Close it to drop its connections and the credentials that its clients hold. */
export function createIam(
  deps: IamDeps,
): Iam & { readonly history: EventHistory; readonly credentials: UserCredentials; close(): void } {
  const handlers = new Map<string, AwsHttpHandler>()
  const handlerFor = (caBundle = '') => {
    const handler = handlers.get(caBundle) ?? new AwsHttpHandler(deps.env, deps.timeouts, caBundle)
    handlers.set(caBundle, handler)
    return handler
  }
  const caller = new Caller(deps, handlerFor)
  const who = new WhoAmI(caller, deps.clock)

  async function mfaDevices(signer: Signer, options?: CallOptions): Promise<readonly string[]> {
    const serials: string[] = []
    try {
      for await (const page of pages(
        (Marker) =>
          caller.read('iam:ListMFADevices', signer, options, ({ iam }, send) =>
            iam.send(new ListMFADevicesCommand({ ...named(signer), Marker }), send),
          ),
        () => caller.unreadable('iam:ListMFADevices', signer),
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
      if (signer.kind === 'mfa-session' || !(error instanceof AwsFailure) || !error.mfaMayHelp) throw error
      const self: Signer = { kind: 'own', pair: signer.pair, target: signer.target }
      const devices = await mfaDevices(self, { ...options, patienceMs: 0 }).catch(() => [])
      if (devices.length === 0) throw error
      throw caller.mfaRequired(error)
    }
  }

  return {
    whoAmI: (signer, options) => who.ask(signer, options),

    listKeys: (signer, options) =>
      withMfaSeen(signer, options, async () => {
        const keys: KeyRecord[] = []
        let userName: string | undefined
        let date: number | undefined
        for await (const page of pages(
          (Marker) =>
            caller.read('iam:ListAccessKeys', signer, options, ({ iam }, send) =>
              iam.send(new ListAccessKeysCommand({ ...named(signer), Marker }), send),
            ),
          () => caller.unreadable('iam:ListAccessKeys', signer),
        )) {
          // An empty reply of something between us and AWS must not read as 'the user has no keys'.
          if (!page.AccessKeyMetadata) throw caller.unreadable('iam:ListAccessKeys', signer)
          date = page.date
          caller.history.listed(signer.pair.id, true)
          for (const { AccessKeyId, Status, CreateDate, UserName } of page.AccessKeyMetadata) {
            userName ??= UserName
            const id = parseKeyId(AccessKeyId ?? '')
            // Whatever answers so is no IAM: such an id would be shown, kept and sent as it is.
            if (id === undefined) throw caller.unreadable('iam:ListAccessKeys', signer)
            if (keys.some((key) => key.id === id)) continue
            keys.push({
              id,
              status: Status ?? 'Unknown',
              ...(CreateDate && { createdAt: CreateDate.getTime() }),
            })
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
        const id = parseKeyId(AccessKeyId ?? '')
        // A new key is no old one, and both halves go into the person's file: what cannot be a pair is no answer of IAM's,
        // and whether a key was made is then found out from the list.
        if (id === undefined || id === signer.pair.id || !secretForm.test(SecretAccessKey ?? ''))
          throw caller.unreadable('iam:CreateAccessKey', signer)
        caller.history.created(signer.pair.id, id)
        return {
          pair: { id, secret: new Secret(SecretAccessKey as string) },
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
        await caller.repeatable('iam:DeleteAccessKey', signer, options, ({ iam }, send) =>
          iam.send(new DeleteAccessKeyCommand({ ...named(signer), AccessKeyId: keyId }), send),
        )
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

    history: { ...eventHistory(caller), isThere: doorLooks(caller) },
    credentials: userCredentials(caller),

    close() {
      caller.clear()
      who.clear()
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

/** AWS's have 40 characters; none has a space or what is no ASCII. */
const secretForm = /^[!-~]{16,128}$/
