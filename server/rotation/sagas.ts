import { waitingForHandles } from './handles.ts'
import { spareOf, type Spec } from './entries.ts'
import type { Step } from './machine.ts'
import { activate, proveOld } from './steps/activate.ts'
import { check } from './steps/check.ts'
import { cut, cutRest, putBack, seeRefused } from './steps/cut.ts'
import { confirm } from './steps/confirm.ts'
import { create } from './steps/create.ts'
import { kill, seeDead } from './steps/kill.ts'
import { hook } from './steps/hook.ts'
import { look } from './steps/look.ts'
import { makeRoom } from './steps/makeRoom.ts'
import { prove } from './steps/prove.ts'
import { putAway } from './steps/putAway.ts'
import { retire } from './steps/retire.ts'
import { save } from './steps/save.ts'
import { unify } from './steps/unify.ts'
import { verify } from './steps/verify.ts'
import type { World } from './world.ts'

/** Reactivating changes no file, so that the activation itself is its point of no return. */
const reactivate: Step<World> = { ...activate, pivot: true }

/** The steps of a rotation, an undo, or an act on an old key, in their order. */
export function stepsFor(spec: Pick<Spec, 'kind' | 'merge' | 'spare'>): readonly Step<World>[] {
  return stepsOf(spec).map(waitingForHandles)
}

function stepsOf(spec: Pick<Spec, 'kind' | 'merge' | 'spare'>): readonly Step<World>[] {
  switch (spec.kind) {
    case 'rotate': {
      const spare = spareOf(spec)
      return [
        check,
        ...(spec.merge ? [unify(spec.merge)] : []),
        ...(spare !== undefined ? [makeRoom(spare)] : []),
        create,
        verify,
        save,
        prove,
        hook,
        retire,
        confirm,
      ]
    }
    case 'restore':
      return [look, activate, verify, save, prove, retire, confirm]
    case 'mend':
      return [look, verify, save, prove]
    case 'reactivate':
    case 'activate':
      return [look, reactivate, proveOld]
    case 'remove':
      return [seeRefused, cut, cutRest]
    case 'put-back':
      return [putBack]
    case 'kill':
      return [kill, seeDead]
    case 'deactivate':
    case 'delete':
      return [look, putAway]
  }
}
