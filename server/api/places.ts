import { Type, type Static } from 'typebox'
import { KeyIds } from './plan.ts'
import { oneOf } from './words.ts'

/** A line of a file, other than the two of the profiles, on which a key stands. Never what else stands there. */
export const Place = Type.Object(
  {
    path: Type.String(),
    line: Type.Integer({ minimum: 1 }),
    kind: Type.String({ description: 'What kind of file it is: .env, s3cmd, history…' }),
    key: Type.String(),
    holds: oneOf(['id', 'pair', 'secret'], {
      description: 'secret: it stands there without its id',
    }),
    can: oneOf(['update', 'list'], {
      description: 'update: Keyturn can put the pair there that replaced this one',
    }),
    why: Type.Optional(Type.String({ description: 'Why it is only listed, and what to do' })),
  },
  { additionalProperties: false },
)
export type Place = Static<typeof Place>

/** `held`: the profiles hold it now. The others are of keys that Keyturn replaced. */
export const KeyWorth = oneOf(['held', 'active', 'inactive', 'deleted', 'unknown'])
export type KeyWorth = Static<typeof KeyWorth>

export const KnownPlace = Type.Object(
  {
    ...Place.properties,
    worth: Type.Optional(KeyWorth),
    updated: Type.Optional(
      Type.Boolean({ description: 'The pair that replaced this one was put there since' }),
    ),
  },
  { additionalProperties: false },
)
export type KnownPlace = Static<typeof KnownPlace>

/** What one search found, or has found so far. Kept in memory until the next one. */
export const Places = Type.Object(
  {
    state: oneOf(['none', 'running', 'done', 'stopped', 'failed']),
    at: Type.Optional(Type.String({ format: 'date-time', description: 'When it began' })),
    files: Type.Integer({ minimum: 0 }),
    bytes: Type.Integer({ minimum: 0 }),
    ms: Type.Integer({ minimum: 0 }),
    places: Type.Array(KnownPlace),
    more: Type.Integer({ minimum: 0, description: 'Places that are found and not listed here' }),
    passed: Type.Array(
      Type.Object(
        {
          why: Type.String(),
          count: Type.Integer({ minimum: 1 }),
          some: Type.Array(Type.String(), { description: 'The first few of them' }),
        },
        { additionalProperties: false },
      ),
      { description: 'What was not looked at, by the reason' },
    ),
  },
  { $id: 'Places', additionalProperties: false },
)
export type Places = Static<typeof Places>

export const PlacesRequest = Type.Object(
  {
    keys: Type.Optional(KeyIds),
    in: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
        minItems: 1,
        maxItems: 100,
        description: 'Folders or files, absolute; default: the known places, then the home',
      }),
    ),
  },
  { additionalProperties: false },
)
export type PlacesRequest = Static<typeof PlacesRequest>

/** Each file that can be updated, by key, as it would change; and why others that were found so cannot any more. */
export const PlaceChanges = Type.Object(
  {
    id: Type.String({ description: 'Of what is shown here, to have just this done' }),
    can: Type.Array(
      Type.Object(
        {
          path: Type.String(),
          key: Type.String(),
          newKey: Type.String(),
          lines: Type.Array(
            Type.Object(
              { line: Type.Integer({ minimum: 1 }), what: oneOf(['id', 'secret', 'id and secret']) },
              { additionalProperties: false },
            ),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    left: Type.Array(
      Type.Object({ path: Type.String(), why: Type.String() }, { additionalProperties: false }),
    ),
  },
  { $id: 'PlaceChanges', additionalProperties: false },
)
export type PlaceChanges = Static<typeof PlaceChanges>

/** By their numbers, since the page makes invisible signs of a path visible and could not send it back. */
export const PlacesUpdate = Type.Object(
  {
    id: Type.String({ maxLength: 128 }),
    only: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0 }), {
        maxItems: 5000,
        description: 'Which of those that were shown, from 0; default: all',
      }),
    ),
  },
  { additionalProperties: false },
)
export type PlacesUpdate = Static<typeof PlacesUpdate>

export const PlacesUpdated = Type.Object(
  {
    written: Type.Array(
      Type.Object(
        { path: Type.String(), why: Type.Optional(Type.String({ description: 'Why it was left' })) },
        { additionalProperties: false },
      ),
    ),
  },
  { $id: 'PlacesUpdated', additionalProperties: false },
)
export type PlacesUpdated = Static<typeof PlacesUpdated>
