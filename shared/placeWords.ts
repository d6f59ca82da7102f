/** What stands at a place. */
export const standsWords = {
  id: 'the id alone',
  pair: 'the id and its secret',
  secret: 'the secret alone',
} as const

/** What a key that stands there is worth. */
export const worthWords = {
  held: 'in use',
  active: 'replaced, but it still works',
  inactive: 'off',
  deleted: 'deleted',
  unknown: 'replaced; whether it works is not known',
} as const
