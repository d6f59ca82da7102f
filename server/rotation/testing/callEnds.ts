import { AwsFailure, type AwsFailureKind, type Signer } from '../../keys/iam.ts'
import { Secret } from '../../profiles/keyPair.ts'
import { JournalFailure } from '../machine.ts'
import type { ModelIam } from './modelIam.ts'
import type { Stage } from './stage.ts'

// How one call to AWS ends, in a test about what comes of it.

type Act = 'listKeys' | 'createKey' | 'setKeyStatus' | 'deleteKey' | 'whoAmI' | 'keyLastUsed'

/**
 * The process ends at the first such call: as where its journal takes nothing more, it neither does nor says anything
 * after it. @param when before AWS acts, or after it did and before anybody was told
 */
export function dies(iam: ModelIam, act: Act, when: 'before' | 'after', skip = 0): void {
  let calls = 0
  const call = iam[act].bind(iam) as (...args: unknown[]) => Promise<unknown>
  Object.assign(iam, {
    [act]: async (...args: unknown[]) => {
      calls += 1
      if (calls <= skip) return call(...args)
      Object.assign(iam, { [act]: call })
      if (when === 'after') await call(...args)
      throw new JournalFailure('the process has ended')
    },
  })
}

/** Once, on the call after `skip` others: AWS, or what lies before it, answers with this. */
export function answers(iam: ModelIam, act: Act, reply: () => Promise<unknown>, skip = 0): void {
  let calls = 0
  const call = iam[act].bind(iam) as (...args: unknown[]) => Promise<unknown>
  Object.assign(iam, {
    [act]: (...args: unknown[]) => {
      calls += 1
      if (calls <= skip) return call(...args)
      Object.assign(iam, { [act]: call })
      return reply()
    },
  })
}

/**
 * The calls of some signers get no answer until the returned function is called: so that a test may look at a rotation under way,
 * however long that takes.
 */
export function holds(iam: ModelIam, act: Act, whose: (keyId: string) => boolean): () => void {
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  const call = iam[act].bind(iam) as (signer: Signer, ...args: unknown[]) => Promise<unknown>
  Object.assign(iam, {
    [act]: async (signer: Signer, ...args: unknown[]) => {
      if (whose(signer.pair.id)) await held
      return call(signer, ...args)
    },
  })
  return release
}

/** AWS wants a code of this device for such calls, and takes 123456. @returns the codes that it was given */
export function wantsCode(stage: Stage, device: string, acts: readonly Act[]): string[] {
  const codes: string[] = []
  for (const act of acts) {
    const call = stage.iam[act].bind(stage.iam) as (signer: Signer, ...args: unknown[]) => Promise<unknown>
    Object.assign(stage.iam, {
      [act]: (signer: Signer, ...args: unknown[]) =>
        signer.kind === 'own' ? Promise.reject(refusal('mfa-required')) : call(signer, ...args),
    })
  }
  stage.iam.mfaDevices = () => Promise.resolve([device])
  stage.iam.sessionWithMfa = (({ pair }: Signer, _: string, code: string) => {
    codes.push(code)
    if (code !== '123456') return Promise.reject(refusal('mfa-code'))
    const expiresAt = stage.clock.now() + 3_600_000
    return Promise.resolve({ pair, sessionToken: new Secret('session'), expiresAt })
  }) as typeof stage.iam.sessionWithMfa
  return codes
}

export function refusal(kind: AwsFailureKind): AwsFailure {
  return new AwsFailure(kind, { name: kind, title: kind, detail: `AWS said ${kind}.`, code: kind })
}
