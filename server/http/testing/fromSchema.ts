import fc from 'fast-check'

/** The part of JSON Schema that the OpenAPI document of this API uses. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
}

export type Resolve = (ref: string) => JsonSchema

/** Values that the schema allows. Sizes stay small, so that a body of one fits into the limit more often than not. */
export function fromSchema(schema: JsonSchema, resolve: Resolve): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return fromSchema(resolve(schema.$ref), resolve)
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((branch) => fromSchema(branch, resolve)))
  const { minimum = -1_000_000, maximum = 1_000_000 } = schema
  switch (schema.type) {
    case 'string':
      if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern))
      return fc.string({
        minLength: schema.minLength ?? 0,
        maxLength: Math.min(schema.maxLength ?? 40, 60),
        unit: 'binary',
      })
    case 'integer':
      return fc.integer({ min: minimum, max: maximum })
    case 'number':
      return fc.double({ min: minimum, max: maximum, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(fromSchema(schema.items ?? {}, resolve), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 6, Math.max(6, schema.minItems ?? 0)),
      })
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([name, value]) => [name, fromSchema(value, resolve)]),
        ),
        { requiredKeys: [...(schema.required ?? [])] },
      )
    default:
      return fc.jsonValue()
  }
}

/** What tends to break a parser or a check: wrong types, edges, names that JavaScript gives a meaning. */
const awkward: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    null,
    '',
    'all',
    '__proto__',
    'constructor',
    '../../etc/passwd',
    '\u0000',
    '\ud800',
    -1,
    -0,
    1e308,
    2 ** 53,
    [],
    {},
    [[[[]]]],
    'x'.repeat(5_000),
  ),
)

/** A value of the schema with one thing wrong: a member replaced, left out or added, or the whole of it. */
export function nearly(valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(valid, awkward, fc.nat(), fc.constantFrom('replace', 'drop', 'add', 'whole'))
    .map(([value, odd, at, how]) => {
      if (how === 'whole' || typeof value !== 'object' || value === null) return odd
      const copy: Record<string, unknown> = { ...value }
      const names = Object.keys(copy)
      const name = names[at % Math.max(1, names.length)] ?? 'x'
      if (how === 'add') copy[`extra${at % 3}`] = odd
      else if (how === 'drop') delete copy[name]
      else copy[name] = odd
      return copy
    })
}
