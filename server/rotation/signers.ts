import type { Trouble } from '../api/problem.ts'
import { AwsFailure, type Iam, type Signer, type Target } from '../keys/iam.ts'
import type { Clock } from '../platform/clock.ts'
import { Failure } from '../platform/failure.ts'
import type { KeyPair, Secret } from '../profiles/keyPair.ts'
import type { HeldKeys } from './plans.ts'
import type { Spec } from './entries.ts'
import { isStop, type Signers, stoppedByPerson } from './world.ts'

interface Session {
  readonly pair: KeyPair
  readonly sessionToken: Secret
  readonly expiresAt: number
}

interface Request {
  readonly pair: KeyPair
  readonly spec: Spec
  readonly target: Target
  readonly stopped: AbortSignal
}

export interface SignersDeps {
  readonly iam: Iam
  readonly clock: Clock
  readonly readKeys: () => Promise<HeldKeys>
}

/** Who signs for a rotation. */
interface Party {
  /** Under which its device is remembered. */
  readonly who: string
  /** For calls about itself: its devices, its session. */
  readonly self: Signer
  /** For calls about the user, without a code. */
  readonly plain: Signer
  /** The device that its profile names. */
  readonly device?: string
}

/** A session that ends sooner than this is not begun a call with, in milliseconds. */
const spareLifeMs = 60_000

/**
 * Chooses who signs IAM's calls: the user's own pair, or an administrator's profile where the plan names one; an MFA
 * session of it where AWS or its profile wants one. Codes are asked for one device at a time, and a rotation that
 * waits for its code holds up no other.
 */
export class SignerDesk implements Signers {
  readonly #deps: SignersDeps
  /** By device: a session serves every rotation and undo of its user while it lives. */
  readonly #sessions = new Map<string, Session>()
  /** Devices that no profile names and that IAM told of, by user: one code serves all calls of its session. */
  readonly #devices = new Map<string, string>()
  readonly #waiting = new Map<
    string,
    { readonly give: (code: string) => void; readonly refuse: (failure: Failure) => void; given: boolean }
  >()
  readonly #opening = new Map<string, Promise<Session>>()

  constructor(deps: SignersDeps) {
    this.#deps = deps
  }

  async sign<T>(
    request: Request,
    waiting: (device?: string) => void,
    act: (signer: Signer) => Promise<T>,
  ): Promise<T> {
    const { spec } = request
    const { adminIfRefused } = spec
    if (adminIfRefused === undefined) return this.#signAs(request, waiting, act)
    const asAdmin = () =>
      this.#signAs({ ...request, spec: { ...spec, adminProfile: adminIfRefused } }, waiting, act)
    try {
      return await this.#signAs(request, waiting, act)
    } catch (error) {
      // A denied call did nothing, so that it may be made once more by another.
      if (!(error instanceof AwsFailure && (error.kind === 'denied' || error.kind === 'quarantined')))
        throw error
      return asAdmin()
    }
  }

  async #signAs<T>(
    request: Request,
    waiting: (device?: string) => void,
    act: (signer: Signer) => Promise<T>,
  ): Promise<T> {
    const { spec, target } = request
    const { who, self, plain, ...party } = await this.#party(request)
    const device = party.device ?? this.#devices.get(who)
    const known = device !== undefined ? this.#sessions.get(device) : undefined
    if (known && known.expiresAt - this.#deps.clock.now() > spareLifeMs)
      return act(sessionSigner(known, spec, target))
    try {
      return await act(plain)
    } catch (error) {
      if (!(error instanceof AwsFailure) || !wantsMfa(error, device)) throw error
      const serial = device ?? (await this.#deviceOf(self, error))
      const session = await this.#session(serial, self, request.stopped, waiting)
      this.#devices.set(who, serial)
      return act(sessionSigner(session, spec, target))
    }
  }

  /** A code the person typed for a device. @throws Failure `not-found` where nothing waits for it */
  give(device: string, code: string): void {
    const waiting = this.#waiting.get(device)
    if (!waiting) {
      throw new Failure({
        name: 'not-found',
        title: 'No code is waited for',
        detail: 'No rotation waits for a code of this device.',
      })
    }
    waiting.given = true
    waiting.give(code)
  }

  /** Whether a code of this device is waited for, and none has been given yet. */
  waitsFor(device: string): boolean {
    return this.#waiting.get(device)?.given === false
  }

  /** No code will come: the rotations that wait for this device fail with these words. */
  refuse(device: string, failure: Failure): void {
    this.#waiting.get(device)?.refuse(failure)
  }

  /** One request for a session per device, however many rotations need it, of however many runs. */
  async #session(
    serial: string,
    self: Signer,
    stopped: AbortSignal,
    waiting: (device?: string) => void,
  ): Promise<Session> {
    for (;;) {
      const open = this.#opening.get(serial)
      if (!open) {
        const opening = this.#ask(serial, self, stopped, waiting).finally(() => this.#opening.delete(serial))
        this.#opening.set(serial, opening)
        return opening
      }
      try {
        return await Promise.race([open, stopOf(stopped)])
      } catch (error) {
        // The run that asked was stopped and this one was not: it asks itself.
        if (stopped.aborted || !isStop(error)) throw error
      }
    }
  }

  /** Asks until AWS takes a code; a wrong or used one is asked for again and fails nothing. */
  async #ask(
    serial: string,
    self: Signer,
    stopped: AbortSignal,
    waiting: (device?: string) => void,
  ): Promise<Session> {
    refuseHardwareKey(serial)
    try {
      for (;;) {
        const code = await this.#nextCode(serial, stopped, waiting)
        try {
          const session = await this.#deps.iam.sessionWithMfa(self, serial, code)
          this.#sessions.set(serial, session)
          return session
        } catch (error) {
          if (!(error instanceof AwsFailure && error.kind === 'mfa-code')) throw error
        }
      }
    } finally {
      this.#waiting.delete(serial)
      waiting(undefined)
    }
  }

  async #nextCode(serial: string, stopped: AbortSignal, waiting: (device?: string) => void): Promise<string> {
    let give: (code: string) => void = () => undefined
    let refuse: (failure: Failure) => void = () => undefined
    const code = new Promise<string>((resolve, reject) => {
      give = resolve
      refuse = reject
    })
    this.#waiting.set(serial, { give, refuse, given: false })
    waiting(serial)
    return Promise.race([code, stopOf(stopped)])
  }

  async #deviceOf(self: Signer, cause: AwsFailure): Promise<string> {
    const devices = await this.#deps.iam.mfaDevices(self)
    const usable = devices.find((serial) => serial.includes(':mfa/'))
    if (usable !== undefined) return usable
    if (devices.some((serial) => serial.includes(':u2f/'))) refuseHardwareKey(devices[0] ?? '')
    throw cause
  }

  async #party({ pair, spec, target }: Request): Promise<Party> {
    if (spec.adminProfile === undefined) {
      const self: Signer = { kind: 'own', pair, target }
      const device = spec.mfaSerial
      return { who: spec.user?.arn ?? spec.from, self, plain: self, ...(device !== undefined && { device }) }
    }
    const { snapshot } = await this.#deps.readKeys()
    const admin = snapshot.profiles.find((profile) => profile.name === spec.adminProfile && profile.pair)
    if (admin?.pair && spec.user) {
      const device = admin.settings.values['mfa_serial']
      return {
        who: admin.pair.id,
        self: { kind: 'own', pair: admin.pair, target },
        plain: { kind: 'admin', pair: admin.pair, userName: spec.user.name, target },
        ...(device !== undefined && { device }),
      }
    }
    throw new Failure({
      name: 'no-admin',
      title: 'The administrator’s profile is gone',
      detail: `[${spec.adminProfile ?? ''}] holds no key any more, or the user is not known.`,
      remedy: 'Make a new plan.',
    })
  }
}

function wantsMfa(error: AwsFailure, device: string | undefined): boolean {
  // With a device in the profile a plain denial is worth a code: many policies deny by missing MFA alone.
  return (
    error.kind === 'mfa-required' || (device !== undefined && error.kind === 'denied' && error.mfaMayHelp)
  )
}

/** Rejects once the person stops the run. */
function stopOf(stopped: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const refuse = () => reject(new Failure(stoppedByPerson))
    if (stopped.aborted) refuse()
    else stopped.addEventListener('abort', refuse, { once: true })
  })
}

function refuseHardwareKey(serial: string): void {
  if (serial.includes(':mfa/') || !serial.startsWith('arn:')) return
  const trouble: Trouble = {
    name: 'mfa-hardware',
    title: 'A security key',
    detail: 'The MFA device of who signs is a FIDO security key, and AWS offers no API that takes one.',
    remedy:
      'Add an authenticator app as a second device, or rotate this key with another profile that may do so.',
  }
  throw new Failure(trouble)
}

function sessionSigner(session: Session, spec: Spec, target: Target): Signer {
  const { pair, sessionToken } = session
  return { kind: 'mfa-session', pair, sessionToken, target, ...(spec.user && { userName: spec.user.name }) }
}
