import type { Inventory, Key } from '../../server/api/inventory.ts'

interface Wanted {
  readonly key: string
  readonly account?: { readonly id: string }
  readonly user?: { readonly arn: string }
}

/**
 * Pure: profiles that may be let sign for a key: of its account, not of its user as far as is known, whose own key works. Those
 * that are named like an administrator's come first.
 */
export function adminsFor({ key, account, user }: Wanted, inventory: Inventory | undefined): string[] {
  if (!inventory || !account) return []
  const able = inventory.keys.filter((each) => each.id !== key && mayServe(each, account.id, user?.arn))
  const names = new Set(
    inventory.profiles.flatMap(({ name, key: held }) => (able.some(({ id }) => id === held) ? [name] : [])),
  )
  return [...names].sort((a, b) => Number(isNamedSo(b)) - Number(isNamedSo(a)))
}

function mayServe(
  { account, user, problem, canary, excluded }: Key,
  wanted: string,
  arn: string | undefined,
) {
  return (
    account?.id === wanted && (user === undefined || user.arn !== arn) && !problem && !canary && !excluded
  )
}

const isNamedSo = (name: string): boolean => /admin/i.test(name)
