/**
 * Accounts whose keys are planted: any use raises an alarm. The first group is Thinkst's (canarytokens.org), the second
 * belongs to others who offer the same. As published in TruffleHog's detector for AWS keys (pkg/detectors/aws/access_keys/canary.go) and
 * in 'AWS Canaries' (trufflesecurity.com/canaries), whose authors saw them; Thinkst publishes no list.
 */
const accounts: ReadonlySet<string> = new Set([
  '052310077262',
  '171436882533',
  '266735846894',
  '534261010715',
  '595918472158',
  '717712589309',
  '729780141977',
  '730335385048',
  '819147034852',
  '893192397702',
  '992382622183',

  '044858866125',
  '251535659677',
  '344043088457',
  '351906852752',
  '390477818340',
  '426127672474',
  '427150556519',
  '439872796651',
  '445142720921',
  '465867158099',
  '637958123769',
  '693412236332',
  '732624840810',
  '735421457923',
  '959235150393',
  '982842642351',
])

/** Whether keys of this account are known to be planted. Anyone may plant keys elsewhere: false proves nothing. */
export function isCanaryAccount(accountId: string | undefined): boolean {
  return accountId !== undefined && accounts.has(accountId)
}
