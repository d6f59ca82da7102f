import { describe, expect, it, vi } from 'vitest'
import { AwsFailure, type Iam, type Signer } from '../keys/iam.ts'
import { Secret } from '../profiles/keyPair.ts'
import { QuickClock } from './testing/machineRoom.ts'
import type { Spec } from './entries.ts'
import { SignerDesk } from './signers.ts'

const life = 3_600_000
const trouble = (name: string) => ({ name, title: name, detail: name })
const target = {
  partition: 'aws',
  region: 'us-east-1',
  regionSource: 'default' as const,
  iam: { endpoint: 'https://iam.invalid', signingRegion: 'us-east-1', custom: false },
  sts: { endpoint: 'https://sts.invalid', signingRegion: 'us-east-1', custom: false },
}

/** AWS for one user whose rights need a code: the right one is the number of codes taken so far, in six digits. */
class Guarded {
  readonly clock = new QuickClock()
  readonly asked: string[] = []
  readonly askedBy: string[] = []
  readonly stop = new AbortController()
  #taken = 0
  readonly desk: SignerDesk
  readonly #spec: Spec
  /** Told when a code is waited for. */
  onWait: (device: string) => void = () => undefined

  constructor(devices: readonly string[], spec: Partial<Spec> = {}) {
    const iam: Partial<Iam> = {
      mfaDevices: async () => devices,
      sessionWithMfa: async (signer, serial, code) => {
        this.askedBy.push(`${signer.kind} ${signer.pair.id}`)
        this.asked.push(`${serial} ${code}`)
        if (code !== this.code) throw new AwsFailure('mfa-code', trouble('mfa-code'))
        this.#taken++
        const pair = { id: `ASIA${this.#taken}`, secret: new Secret('session') }
        return { pair, sessionToken: new Secret('token'), expiresAt: this.clock.now() + life }
      },
    }
    this.desk = new SignerDesk({
      iam: iam as Iam,
      clock: this.clock,
      readKeys: async () => ({
        keys: [],
        snapshot: { profiles: [{ name: 'boss', pair: boss, settings: { values: {} } }] } as never,
      }),
    })
    this.#spec = {
      id: '1',
      kind: 'rotate',
      from: 'AKIA1',
      profiles: [],
      retire: 'deactivate',
      user: { name: 'ann', arn: 'arn:aws:iam::1:user/ann' },
      ...spec,
    }
  }

  get code(): string {
    return String(this.#taken).padStart(6, '0')
  }

  /** @returns who signed in the end */
  sign(stop = this.stop): Promise<string> {
    const pair = { id: 'AKIA1', secret: new Secret('own') }
    return this.desk.sign(
      { pair, spec: this.#spec, target, stopped: stop.signal },
      (device) => device !== undefined && this.onWait(device),
      async (signer: Signer) => {
        if (signer.kind !== 'mfa-session') throw new AwsFailure('mfa-required', trouble('mfa-required'))
        return `${signer.kind} ${signer.pair.id} ${signer.userName}`
      },
    )
  }
}

const boss = { id: 'AKIABOSS', secret: new Secret('boss') }
const device = 'arn:aws:iam::1:mfa/ann'
const stick = 'arn:aws:iam::1:u2f/user/ann/stick-AAA'

describe('a user whose rights need a code', () => {
  it('is asked once for all calls within the life of a session, and anew after it', async () => {
    const ann = new Guarded([device])
    ann.onWait = (wanted) => ann.desk.give(wanted, ann.code)
    expect(await ann.sign()).toBe('mfa-session ASIA1 ann')
    ann.clock.advance(life - 120_000)
    expect(await ann.sign()).toBe('mfa-session ASIA1 ann')
    ann.clock.advance(61_000)
    expect(await ann.sign()).toBe('mfa-session ASIA2 ann')
    expect(ann.asked).toEqual([`${device} 000000`, `${device} 000001`])
  })

  it('is asked again where the code was wrong or used, and once for calls that come together', async () => {
    const ann = new Guarded([device])
    const codes = ['999999', '123456', '000000']
    ann.onWait = (wanted) => ann.desk.give(wanted, codes.shift()!)
    expect(await Promise.all([ann.sign(), ann.sign(), ann.sign()])).toEqual(
      Array(3).fill('mfa-session ASIA1 ann'),
    )
    expect(ann.asked).toHaveLength(3)
  })

  it('ends its waiting where the run is stopped, or where nobody can be asked', async () => {
    const ann = new Guarded([device])
    ann.onWait = () => ann.stop.abort()
    await expect(ann.sign()).rejects.toMatchObject({ trouble: { name: 'stopped' } })
    expect(ann.desk.waitsFor(device)).toBe(false)
    expect(() => ann.desk.give(device, '000000')).toThrow('No rotation waits')
  })

  it('of two runs that wait for the same code keeps asking for the one that is not stopped', async () => {
    const ann = new Guarded([device])
    const [first, second] = [new AbortController(), new AbortController()]
    const asked: string[] = []
    ann.onWait = (wanted) => {
      asked.push(wanted)
      if (asked.length === 1) first.abort()
      else ann.desk.give(wanted, ann.code)
    }
    const [stopped, goesOn] = await Promise.allSettled([ann.sign(first), ann.sign(second)])
    expect(stopped).toMatchObject({ reason: { trouble: { name: 'stopped' } } })
    expect(goesOn).toMatchObject({ value: 'mfa-session ASIA1 ann' })
    expect(asked).toHaveLength(2)
  })

  it('and waits for the code of another run is stopped by itself', async () => {
    const ann = new Guarded([device])
    const second = new AbortController()
    ann.onWait = () => undefined
    const waits = ann.sign()
    await vi.waitUntil(() => ann.desk.waitsFor(device))
    const also = ann.sign(second)
    second.abort()
    await expect(also).rejects.toMatchObject({ trouble: { name: 'stopped' } })
    ann.desk.give(device, ann.code)
    expect(await waits).toBe('mfa-session ASIA1 ann')
  })

  it('with a security key alone is told that AWS has no API for it, before anything is asked', async () => {
    for (const ann of [new Guarded([stick]), new Guarded([], { mfaSerial: stick })]) {
      await expect(ann.sign()).rejects.toMatchObject({
        trouble: { name: 'mfa-hardware', detail: expect.stringContaining('no API') },
      })
      expect(ann.asked).toEqual([])
    }
  })

  it('with a security key and an app uses the app', async () => {
    const ann = new Guarded([stick, device])
    ann.onWait = (wanted) => ann.desk.give(wanted, ann.code)
    expect(await ann.sign()).toBe('mfa-session ASIA1 ann')
    expect(ann.asked).toEqual([`${device} 000000`])
  })

  it('is signed for by an administrator whose rights need a code: the session is the administrator’s', async () => {
    const ann = new Guarded([device], { adminProfile: 'boss' })
    ann.onWait = (wanted) => ann.desk.give(wanted, ann.code)
    expect(await Promise.all([ann.sign(), ann.sign()])).toEqual(Array(2).fill('mfa-session ASIA1 ann'))
    expect(await ann.sign()).toBe('mfa-session ASIA1 ann')
    expect(ann.asked).toEqual([`${device} 000000`])
    expect(ann.askedBy).toEqual(['own AKIABOSS'])
  })

  it('without a device is told what AWS said', async () => {
    await expect(new Guarded([]).sign()).rejects.toMatchObject({ trouble: { name: 'mfa-required' } })
  })
})
