import { Type, type TEnum } from 'typebox'

/**
 * One of these words. As an `enum`, not as a union of constants: of a union the serializer compiles a validator and
 * asks it for every value it writes, which made the first events of a run a tenth of a second late.
 */
export function oneOf<const Words extends string[]>(
  words: readonly [...Words],
  options: { readonly description?: string } = {},
): TEnum<Words> {
  return Type.Enum(words, { type: 'string', ...options })
}
