import type { OldKey, WentBack } from '../api/inventory.ts'
import type { OldKeyMode } from '../api/plan.ts'
import type { RemovedLines } from '../api/removal.ts'
import type { Rotation, RunKind, UndoRequest } from '../api/run.ts'
import type { Target } from '../keys/iam.ts'
import { keyThatSigns } from '../keys/oldKeys.ts'
import type { Findings } from '../keys/ports.ts'
import { Failure } from '../platform/failure.ts'
import { kindOf } from '../api/troubles.ts'
import { parseKeyId } from '../profiles/keyId.ts'
import type { FilesSnapshot, ProfileStore } from '../profiles/ports.ts'
import type { Spec } from './entries.ts'
import type { HeldKeys } from './plans.ts'
import type { KnownRotation } from './runs/runViews.ts'
import type { NewRun, Runs } from './runs/runs.ts'
import { refuseHeld } from './steps/putAway.ts'
import type { UndoStore } from './undoStore.ts'
import { awayName } from './wentBack.ts'
import { profileIn, standsAt } from './world.ts'
import { placeName } from './wrote.ts'

/** Profiles that go back to the pair that works, and those whose pair is kept nowhere. */
export interface Mend {
  /** Undefined where none of the pairs is kept any more. */
  readonly run?: NewRun
  /** What the run puts back. */
  readonly wanted: readonly WentBack[]
  readonly left: readonly WentBack[]
}

export interface UndosDeps {
  /** Pairs that a profile need not hold any more. */
  readonly kept: Pick<UndoStore, 'pair'>
  readonly runs: Runs
  readonly store: Pick<ProfileStore, 'lookAtCut'>
  readonly findings: Findings
  readonly readKeys: () => Promise<HeldKeys>
  /** Remembers what is not told any more. */
  readonly putAway: (names: readonly string[]) => Promise<void>
  /** As the old keys' page shows them. */
  readonly oldKeys: () => Promise<readonly OldKey[]>
}

/** Turns a wish about what was rotated before into a new run: undo it, or act on its old key. */
export class Undos {
  readonly #deps: UndosDeps

  constructor(deps: UndosDeps) {
    this.#deps = deps
  }

  /** @throws Failure `cannot-undo`, with what is true now, where this undo can no longer work */
  async ofRotation(id: string, request: UndoRequest): Promise<NewRun> {
    const held = await this.#look()
    const known = this.#deps.runs.rotation(id)
    if (!known)
      throw new Failure({
        name: 'not-found',
        title: 'No such rotation',
        detail: 'There is no rotation with this id.',
      })
    return this.#newRun(request, known.run.run, [
      await this.#undoSpec(known.rotation, known.spec, known.target, request, held),
    ])
  }

  /** Every rotation of a run that can still be undone so. */
  async ofRun(id: string, request: UndoRequest): Promise<NewRun> {
    const run = this.#deps.runs.get(id)
    if (!run)
      throw new Failure({ name: 'not-found', title: 'No such run', detail: 'There is no run with this id.' })
    const held = await this.#look()
    const parts: { spec: Omit<Spec, 'id'>; target: Target }[] = []
    for (const rotation of run.rotations) {
      const known = this.#deps.runs.rotation(rotation.id)
      if (!known || !known.rotation.undo.includes(request.how)) continue
      parts.push(await this.#undoSpec(known.rotation, known.spec, known.target, request, held))
    }
    if (parts.length > 0) return this.#newRun(request, id, parts)
    throw new Failure({
      name: 'cannot-undo',
      title: 'Nothing to undo',
      detail: 'No rotation of this run can be undone any more.',
      remedy: 'The old keys’ page says what is left of them.',
    })
  }

  /**
   * Activates, deactivates or deletes a key that no profile holds, because the person named that very key.
   * @param confirm for delete: its last four characters
   */
  async ofKey(id: string, kind: 'activate' | 'deactivate' | 'delete', confirm?: string): Promise<NewRun> {
    if (kind === 'delete') mustConfirm(id, confirm, 'deleted')
    const part = this.#actOn(id, kind, await this.#look())
    return this.#runOf(kind, modeOf(kind), undefined, [part])
  }

  /**
   * Turns off keys that profiles hold, each signed by itself unless an administrator's profile is named; one that signs for
   * others goes last.
   * @param confirm its last four characters, or how many they are
   */
  async kill(ids: readonly string[], confirm: string, signer?: string): Promise<NewRun> {
    const [only, ...others] = ids
    if (only !== undefined && others.length === 0) mustConfirm(only, confirm, 'turned off')
    else mustCount(ids, confirm, 'turned off')
    const { keys } = await this.#look()
    const parts = ids.map((id) => this.#killSpec(id, signer, keys))
    const admin = keys.find(({ profiles }) => profiles.some(({ name }) => name === signer))?.id
    const inOrder = [
      ...parts.filter(({ spec }) => spec.from !== admin),
      ...parts
        .filter(({ spec }) => spec.from === admin)
        .map(({ spec, target }) => ({ target, spec: { ...spec, last: true } })),
    ]
    return this.#runOf('kill', 'deactivate', undefined, inOrder)
  }

  #killSpec(id: string, signer: string | undefined, keys: HeldKeys['keys']) {
    const held = keys.find((key) => key.id === id)
    if (!held) throw new Failure(noSuchKey(id))
    if (held.problem && kindOf(held.problem.name).unclear === true) throw new Failure(held.problem)
    const finding = this.#deps.findings.get(id)
    const own = held.profiles.some(({ name }) => name === signer)
    const spec: Omit<Spec, 'id'> = {
      kind: 'kill',
      from: id,
      profiles: held.profiles.map(({ name, file }) => ({ name, file })),
      retire: 'deactivate',
      ...(finding?.account && { account: finding.account }),
      ...(finding?.user && { user: finding.user }),
      ...(signer !== undefined && !own && finding?.user && { adminProfile: signer }),
    }
    return { spec, target: held.target }
  }

  /**
   * Deletes old keys in one run, all or none: each must be one that the old keys' page calls safe, since nobody typed its
   * characters.
   * @param confirm how many they are
   */
  async ofSafeKeys(ids: readonly string[], confirm: string): Promise<NewRun> {
    mustCount(ids, confirm, 'deleted')
    const held = await this.#look()
    const known = new Map((await this.#deps.oldKeys()).map((key) => [key.id, key]))
    const parts = ids.map((id) => {
      const key = known.get(id)
      const part = this.#actOn(id, 'delete', held)
      if (key?.ours && key.safe && key.deletable) return part
      throw new Failure({
        name: 'not-safe',
        title: 'Not safe to delete',
        detail: `****${id.slice(-4)} is ${key ? (key.ours ? 'not safe to delete now' : 'no key that Keyturn replaced') : 'no old key that is known here'}. Nothing was deleted.`,
        remedy: key?.reason ?? 'Look at the old keys’ page for what is left.',
      })
    })
    return this.#runOf('delete', 'delete', undefined, parts)
  }

  /** Turns off old keys whose grace is over, in one run. @throws Failure where a profile holds one of them */
  async ofKeysOverGrace(ids: readonly string[]): Promise<NewRun> {
    const held = await this.#look()
    const parts = ids.map((id) => this.#actOn(id, 'deactivate', held))
    return this.#runOf('deactivate', 'deactivate', undefined, parts)
  }

  /**
   * Puts the pair that works back into profiles that hold a replaced one again, and writes those anew that are gone.
   * @param names of profiles; default all
   * @throws Failure `nothing-to-mend`
   */
  async mend(names?: readonly string[]): Promise<Mend> {
    const held = await this.#look()
    const wanted = this.#deps.runs
      .wentBack(held.snapshot)
      .filter(({ profile }) => names === undefined || names.includes(profile))
    if (wanted.length === 0) throw new Failure(nothingToMend)
    const parts = new Map<string, { spec: Omit<Spec, 'id'>; target: Target }>()
    const left: WentBack[] = []
    for (const each of wanted) {
      const known = this.#deps.runs.rotation(each.rotation) as KnownRotation
      if (!(await this.#hasPair(each.should, held.snapshot))) {
        left.push(each)
        continue
      }
      const pair = `${each.holds} ${each.should}`
      const { spec, target } = parts.get(pair) ?? { target: known.target, spec: mendSpec(each, known) }
      const profiles = [...spec.profiles, { name: each.profile, file: each.file }]
      const anew = spec.anew && { anew: { regions: { ...spec.anew.regions, ...regionOf(each) } } }
      parts.set(pair, { spec: { ...spec, profiles, ...anew }, target })
    }
    return {
      ...(parts.size > 0 && { run: this.#runOf('mend', 'keep', undefined, [...parts.values()]) }),
      wanted: wanted.filter((each) => !left.includes(each)),
      left,
    }
  }

  /**
   * Tells no more of profiles that are gone because the person took them out.
   * @throws Failure `nothing-to-mend` where one of them is not gone
   */
  async tookOut(names: readonly string[]): Promise<readonly WentBack[]> {
    const held = await this.#look()
    const gone = this.#deps.runs.wentBack(held.snapshot).filter(({ holds }) => holds === null)
    const named = gone.filter(({ profile }) => names.includes(profile))
    if (!names.every((name) => named.some(({ profile }) => profile === name))) throw new Failure(nothingGone)
    await this.#deps.putAway(named.map(awayName))
    return named
  }

  /**
   * Takes a pair that AWS refuses out of every profile that holds it.
   * @returns with the lines that go, as they may be shown
   * @throws Failure where no profile holds it, or one holds it in a form that is not written
   */
  async remove(id: string): Promise<{ readonly run: NewRun; readonly lines: RemovedLines[] }> {
    const { keys, snapshot } = await this.#look()
    const held = keys.find((key) => key.id === id)
    if (!held) throw new Failure(noSuchKey(id))
    const places = snapshot.profiles.flatMap(({ name, file, pair }) =>
      pair?.id === id ? [{ profile: name, file, pair }] : [],
    )
    const cuts = await this.#deps.store.lookAtCut(places)
    const finding = this.#deps.findings.get(id)
    const spec: Omit<Spec, 'id'> = {
      kind: 'remove',
      from: id,
      profiles: places.map(({ profile, file }) => ({ name: profile, file })),
      retire: 'keep',
      ...(finding?.account && { account: finding.account }),
      ...(finding?.user && { user: finding.user }),
    }
    return {
      run: this.#runOf('remove', 'keep', undefined, [{ spec, target: held.target }]),
      lines: cuts.map(({ file, profile, shown }) => ({
        file,
        path: snapshot.files[file].path,
        profile,
        lines: [...shown],
      })),
    }
  }

  async #hasPair(key: string, { profiles }: FilesSnapshot): Promise<boolean> {
    return profiles.some(({ pair }) => pair?.id === key) || (await this.#deps.kept.pair(key)) !== undefined
  }

  #actOn(id: string, kind: 'activate' | 'deactivate' | 'delete', { keys, snapshot }: HeldKeys) {
    if (kind !== 'activate') refuseHeld(snapshot, id)
    const replaced = this.#deps.runs.replaced().find((each) => each.id === id)
    const signer = keyThatSigns(id, replaced?.replacedBy, keys, this.#deps.findings.all())
    if (!signer) {
      throw new Failure({
        name: 'no-signer',
        title: 'No key of this user is here',
        detail: `No profile holds a working key of the user of ****${id.slice(-4)}, so that nothing can be signed for it.`,
        remedy: 'Check the keys, or change it in the AWS console.',
      })
    }
    const finding = this.#deps.findings.get(signer.id)
    const account = replaced?.account ?? finding?.account
    const user = replaced?.user ?? finding?.user
    const spec: Omit<Spec, 'id'> = {
      kind,
      from: id,
      via: signer.id,
      profiles: [],
      retire: modeOf(kind),
      ...(account && { account }),
      ...(user && { user }),
      ...(replaced?.rotation !== undefined && { undoes: replaced.rotation }),
    }
    return { spec, target: signer.target }
  }

  async #undoSpec(rotation: Rotation, spec: Spec, target: Target, request: UndoRequest, held: HeldKeys) {
    if (!rotation.undo.includes(request.how)) throw new Failure(whyNot(rotation, request.how, held.snapshot))
    if (request.how === 'put-back') return { spec: putBackSpec(rotation, spec, held.snapshot), target }
    // Where none was made, none of these is offered.
    const newKey = rotation.newKey as string
    const common = {
      kind: request.how,
      retire: request.newKey ?? ('deactivate' as const),
      undoes: rotation.id,
      ...(rotation.account && { account: rotation.account }),
      ...(spec.user && { user: spec.user }),
      ...(spec.mfaSerial !== undefined && { mfaSerial: spec.mfaSerial }),
      ...(spec.adminProfile !== undefined && { adminProfile: spec.adminProfile }),
      ...(spec.adminIfRefused !== undefined && { adminIfRefused: spec.adminIfRefused }),
    }
    if (request.how === 'reactivate') {
      return {
        spec: { ...common, retire: 'keep' as const, from: rotation.key, via: newKey, profiles: [] },
        target,
      }
    }
    const profiles = held.snapshot.profiles
      .filter((profile) => standsAt(held.snapshot, profile, newKey, undefined) === 'old')
      .map(({ name, file }) => ({ name, file }))
    if (profiles.length === 0) throw new Failure(whyNot(rotation, request.how, held.snapshot))
    return { spec: { ...common, from: newKey, to: rotation.key, profiles }, target }
  }

  #newRun(
    request: UndoRequest,
    undoes: string,
    parts: readonly { spec: Omit<Spec, 'id'>; target: Target }[],
  ): NewRun {
    return this.#runOf(
      request.how,
      request.how === 'restore' ? (request.newKey ?? 'deactivate') : 'keep',
      undoes,
      parts,
    )
  }

  #runOf(
    kind: RunKind,
    oldKey: OldKeyMode,
    undoes: string | undefined,
    parts: readonly { spec: Omit<Spec, 'id'>; target: Target }[],
  ): NewRun {
    const id = this.#deps.runs.newId()
    return {
      id,
      kind,
      oldKey,
      ...(undoes !== undefined && { undoes }),
      rotations: parts.map(({ spec, target }, index) => ({
        spec: { id: `${id}.${index + 1}`, ...spec },
        target,
      })),
    }
  }

  /** The offers follow from what the files and the undo store hold now, not from what the page last saw. */
  async #look(): Promise<HeldKeys> {
    const held = await this.#deps.readKeys()
    this.#deps.runs.sawFiles(held.snapshot)
    await this.#deps.runs.lookAtUndoStore()
    return held
  }
}

/** @throws Failure `confirm-mismatch` where what was typed is not the end of the key's id */
function mustConfirm(id: string, typed: string | undefined, what: 'deleted' | 'turned off'): void {
  if (typed === id.slice(-4)) return
  throw new Failure({
    name: 'confirm-mismatch',
    title: 'Not confirmed',
    detail: `The four characters are not the last ones of this key’s id. Nothing was ${what}.`,
    remedy: 'Type the last four characters of the key’s id.',
  })
}

/** @throws Failure `confirm-mismatch` where what was typed is not how many they are */
function mustCount(ids: readonly string[], typed: string, what: 'deleted' | 'turned off'): void {
  if (typed === String(ids.length)) return
  throw new Failure({
    name: 'confirm-mismatch',
    title: 'Not confirmed',
    detail: `The number is not how many keys are named, ${ids.length}. Nothing was ${what}.`,
    remedy: `Type how many keys are to be ${what}.`,
  })
}

function noSuchKey(id: string) {
  return {
    name: 'unknown-key',
    title: 'No such key',
    detail: `No profile holds ${parseKeyId(id) ? `****${id.slice(-4)}` : 'a key of this id'}. Nothing was done.`,
    remedy: 'A key that no profile holds is turned off among the old keys.',
  }
}

const nothingToMend = {
  name: 'nothing-to-mend',
  title: 'Nothing to put back',
  detail: 'No profile holds a key that Keyturn has replaced there, and none that it wrote is gone.',
}

const nothingGone = {
  name: 'nothing-to-mend',
  title: 'Not gone',
  detail: 'One of these profiles is not gone from the file that Keyturn wrote it into.',
}

/** Into those of its profiles that hold no pair by now. */
function putBackSpec(rotation: Rotation, spec: Spec, snapshot: FilesSnapshot): Omit<Spec, 'id'> {
  return {
    kind: 'put-back',
    from: spec.from,
    profiles: spec.profiles.filter((each) => !profileIn(snapshot, each)?.pair),
    retire: 'keep',
    undoes: rotation.id,
    account: spec.account,
    user: spec.user,
  }
}

/** Without its profiles. */
function mendSpec({ holds, should, anew }: WentBack, { rotation, spec }: KnownRotation): Omit<Spec, 'id'> {
  return {
    kind: 'mend',
    from: holds ?? should,
    to: should,
    via: should,
    profiles: [],
    retire: 'keep',
    account: rotation.account,
    user: spec.user,
    ...(anew && { anew: { regions: {} } }),
  }
}

function regionOf({ file, profile, anew }: WentBack): Record<string, string> {
  return anew?.region === undefined ? {} : { [placeName(file, profile)]: anew.region }
}

/** @param left at least one */
export function noCopy(left: readonly WentBack[]) {
  const keys = [...new Set(left.map(({ should }) => should))].join(', ')
  const names = left.map(({ profile }) => `[${profile}]`).join(', ')
  return {
    name: 'no-copy',
    title: 'The pair is kept nowhere',
    detail: `${names} should hold ${keys}, whose secret neither a file nor the undo store holds any more. Nothing was done.`,
    remedy:
      'Look for a newer copy of the file. Else an administrator must make a new key for the user, after deleting one of the two.',
  }
}

function modeOf(kind: 'activate' | 'deactivate' | 'delete'): OldKeyMode {
  return kind === 'activate' ? 'keep' : kind
}

function whyNot(
  rotation: Rotation,
  how: UndoRequest['how'],
  { profiles }: FilesSnapshot,
): { name: string; title: string; detail: string; remedy: string } {
  const old = `****${rotation.key.slice(-4)}`
  const because =
    rotation.state === 'undone'
      ? 'it is undone already'
      : rotation.state === 'rolledBack' || rotation.state === 'stopped'
        ? 'nothing was replaced'
        : !over.has(rotation.state)
          ? 'it is not finished'
          : rotation.oldKeyState === 'deleted'
            ? `the old key ${old} is deleted`
            : !profiles.some(({ pair }) => pair && pair.id === rotation.newKey)
              ? 'no profile holds its new key any more'
              : how === 'reactivate'
                ? `the old key ${old} is active`
                : `the secret of the old key ${old} is no longer kept`
  return {
    name: 'cannot-undo',
    title: 'Cannot be undone',
    detail: `This rotation cannot be undone this way, since ${because}. Nothing was done.`,
    remedy: instead(rotation),
  }
}

const over: ReadonlySet<Rotation['state']> = new Set(['done', 'failed', 'superseded'])

/** What is offered of the same rotation by the same look; else nothing is said to be possible. */
function instead({ undo: [other], oldKeyState }: Rotation): string {
  if (other === 'reactivate')
    return 'Reactivate the old key instead: it works again then, beside the new one.'
  if (other === 'put-back') return 'Put the lines back into the file instead.'
  if (other === 'restore') return 'Restore the old pair instead.'
  return oldKeyState === 'deleted'
    ? 'A deleted key cannot come back.'
    : 'Look at the old keys’ page for what is left.'
}
