/** What the user's other key is, which stands in the way of a new one; those that may go most safely come first. */
export const roomClasses = [
  'ours-quiet',
  'ours-recent',
  'ours-used',
  'kept',
  'other-inactive',
  'other-active',
  'merge',
] as const
