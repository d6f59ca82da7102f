import type { Signer } from '../../keys/iam.ts'
import { Secret } from '../../profiles/keyPair.ts'
import { resolveTarget } from '../endpoints.ts'

/** @returns makes signers whose calls go to `url` */
export function signerFor(url: string, region = 'us-east-1') {
  const target = resolveTarget({ values: { region }, services: {} }, {}, url)
  return (pair: { id: string; secret: string }, more: Partial<Signer> = {}): Signer => ({
    kind: 'own',
    pair: { id: pair.id, secret: new Secret(pair.secret) },
    target,
    ...more,
  })
}
