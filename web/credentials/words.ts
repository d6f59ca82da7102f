import type { AfterAct, AfterCredential, AfterUser } from '../../server/api/after.ts'

export const kindTitle: Readonly<Record<AfterCredential['kind'], string>> = {
  password: 'Console password',
  'service-specific': 'Service password or API key',
  ssh: 'SSH key (CodeCommit)',
  certificate: 'Signing certificate',
  mfa: 'MFA device',
}

export const actTitle: Readonly<Record<AfterCredential['can'][number], string>> = {
  deactivate: 'Turn off',
  activate: 'Turn on',
  delete: 'Delete',
}

/** What the sessions of a user are like, in a sentence that is known to be true. */
export function sessionWords({ sessions: { denyOlder, over } }: AfterUser): string {
  if (!denyOlder)
    return over
      ? 'No session that the old key made can live any more.'
      : 'Sessions that the old key made may live on for up to 36 hours.'
  const { cut, state } = denyOlder
  switch (state) {
    case 'in-force':
      return `Sessions issued before ${cut} are denied. The policy is needed until 36 hours after that.`
    case 'removable':
      return `Sessions issued before ${cut} are over. The policy may go.`
    case 'removed':
      return `Sessions issued before ${cut} are over, and the policy is off.`
    case 'interrupted':
      return 'Ending the sessions was interrupted: AWS may have done it or not. Do it again.'
  }
}

/** What a run of acts came to, for the line that a screen reader reads. */
export function outcome(acts: readonly AfterAct[]): string {
  const failed = acts.filter(({ state }) => state === 'failed').length
  return failed === 0 ? 'Done, and seen at AWS.' : `${failed} of ${acts.length} could not be done.`
}

/** What a dialog is called, and the button that does it. */
export const planWords: Readonly<
  Record<AfterAct['act'], { readonly title: string; readonly press: string }>
> = {
  deactivate: { title: 'Turn this off', press: 'Turn off' },
  activate: { title: 'Turn this on again', press: 'Turn on' },
  delete: { title: 'Delete this for good', press: 'Delete for good' },
  'end-sessions': { title: 'End these sessions', press: 'End the sessions' },
  finish: { title: 'Take the policy off', press: 'Take it off' },
}
