import { Type, type Static } from 'typebox'
import { Which } from './inventory.ts'

/** Lines that are taken out of a file, or were; a secret in them is masked. */
export const RemovedLines = Type.Object(
  {
    file: Which,
    path: Type.String(),
    profile: Type.String(),
    lines: Type.Array(
      Type.Object(
        { line: Type.Integer({ minimum: 1 }), text: Type.String() },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)
export type RemovedLines = Static<typeof RemovedLines>

export const Removal = Type.Object(
  { key: Type.String(), files: Type.Array(RemovedLines) },
  { $id: 'Removal', additionalProperties: false },
)
export type Removal = Static<typeof Removal>
