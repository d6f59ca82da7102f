import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Signer } from '../keys/iam.ts'

/** Signs requests to a service of AWS's as this signer, and as nobody else. */
export function signatureOf(
  { pair, sessionToken }: Pick<Signer, 'pair' | 'sessionToken'>,
  service: string,
  region: string,
): SignatureV4 {
  return new SignatureV4({
    service,
    region,
    sha256: Sha256,
    credentials: {
      accessKeyId: pair.id,
      secretAccessKey: pair.secret.reveal(),
      ...(sessionToken && { sessionToken: sessionToken.reveal() }),
    },
  })
}
