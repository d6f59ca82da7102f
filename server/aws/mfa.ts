import { AwsFailure } from '../keys/iam.ts'

/**
 * Whether a device shows codes that GetSessionToken takes. FIDO security keys (`…:u2f/…`) do not: AWS offers no API for them. A
 * hardware token may go by its plain serial number, such as GAHT12345678.
 */
export function showsCodes(serial: string): boolean {
  return serial.startsWith('arn:') ? serial.includes(':mfa/') : /^[\w+=/:,.@-]{9,256}$/.test(serial)
}

/** Refuses, before anything is sent, what AWS could only refuse. @throws AwsFailure `mfa-code`, `other` */
export function checkMfaRequest(serial: string, code: string): void {
  if (!showsCodes(serial)) {
    // Not `mfa-code`: no other code would help.
    throw new AwsFailure('other', {
      name: 'mfa-fido',
      title: 'This device cannot be used here',
      detail:
        'The MFA device is a security key (FIDO), and AWS offers no API that takes one for an access key.',
      remedy: "Add a virtual MFA device to the user as well, or rotate with an administrator's profile.",
    })
  }
  if (!/^\d{6}$/.test(code)) {
    throw new AwsFailure('mfa-code', {
      name: 'mfa-code-form',
      title: 'The code has six digits',
      detail: 'What was entered is not a code. Nothing was sent.',
      remedy: 'Enter the six digits that the device shows now.',
    })
  }
}
