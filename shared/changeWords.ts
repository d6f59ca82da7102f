/** What somebody else did to a key at AWS: what is true of the key, after its name, and what to do about it. */
export const changeWords = {
  'turned-on': {
    is: 'is an old key that is on again: whoever holds its secret can use it.',
    act: 'Turn it off, among the old keys.',
  },
  'turned-off': {
    is: 'stands in the file and is turned off: its profiles do not work.',
    act: 'Activate it in the AWS console, or take the pair out.',
  },
  deleted: {
    is: 'stands in the file and is deleted: its profiles do not work.',
    act: 'Make a new key in the AWS console, or take the pair out.',
  },
  refused: {
    is: 'stands in the file and is no longer accepted, so it was turned off or deleted: its profiles do not work.',
    act: 'Look at its user in the AWS console.',
  },
  appeared: {
    is: 'was made by somebody, and stands in no profile here.',
    act: 'If nobody of yours did it, turn it off in the AWS console.',
  },
  used: {
    is: 'is an old key that was used after it had been turned off, so somebody had turned it on.',
    act: 'Look for who it was in the AWS console.',
  },
  'policy-gone': {
    is: 'ended older sessions, and is no longer on the user: sessions from before the leak work again.',
    act: 'End them again: keyturn after --end-sessions',
  },
  'policy-changed': {
    is: 'ended older sessions, and another policy stands in its place now.',
    act: 'Look at it in the AWS console.',
  },
  'device-gone': {
    is: 'is no longer an MFA device of the user.',
    act: 'If nobody of yours took it off, look at the user in the AWS console.',
  },
  'device-added': {
    is: 'is a new MFA device of the user.',
    act: 'If nobody of yours did it, take it off in the AWS console.',
  },
} as const
