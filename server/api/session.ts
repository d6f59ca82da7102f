import { Type, type Static } from 'typebox'

export const SessionRequest = Type.Object(
  { secret: Type.String({ minLength: 1, maxLength: 256 }) },
  { additionalProperties: false },
)
export type SessionRequest = Static<typeof SessionRequest>

export const SessionReply = Type.Object(
  { token: Type.String() },
  { $id: 'SessionReply', additionalProperties: false },
)
export type SessionReply = Static<typeof SessionReply>

/** The header that every /api request carries beside the cookie: cookies ignore ports, this does not travel by itself. */
export const sessionHeader = 'x-keyturn-session'
