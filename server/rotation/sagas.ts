import { spareOf, type Spec } from './entries.ts'
import type { Step } from './machine.ts'
import { check } from './steps/check.ts'
import { create } from './steps/create.ts'
import { makeRoom, unify } from './steps/makeRoom.ts'
import { activate, look, proveOld, putAway } from './steps/oldKey.ts'
import { confirm, hook, retire } from './steps/retire.ts'
import { prove, save, verify } from './steps/save.ts'
import type { World } from './world.ts'

/** Reactivating changes no file, so that the activation itself is its point of no return. */
const reactivate: Step<World> = { ...activate, pivot: true }

/** The steps of a rotation, an undo, or an act on an old key, in their order. */
export function stepsFor(spec: Pick<Spec, 'kind' | 'merge' | 'spare'>): readonly Step<World>[] {
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
    case 'reactivate':
    case 'activate':
      return [look, reactivate, proveOld]
    case 'deactivate':
    case 'delete':
      return [look, putAway]
  }
}
