/** The steps of a rotation in their order, `activate` for an undo, and `unify` where two keys of a user are merged. */
export const stepNames = [
  'check',
  'unify',
  'makeRoom',
  'create',
  'activate',
  'verify',
  'save',
  'prove',
  'hook',
  'retire',
  'confirm',
] as const
