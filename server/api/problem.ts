import { Type, type Static } from 'typebox'

const words = {
  title: Type.String({ description: 'What it is, in a few words' }),
  detail: Type.String({ description: 'What is true now' }),
  remedy: Type.Optional(Type.String({ description: 'What to do next' })),
  code: Type.Optional(Type.String({ description: "AWS's error code, as it came over the wire" })),
  requestId: Type.Optional(Type.String({ description: "AWS's request id" })),
  action: Type.Optional(
    Type.String({ description: 'The IAM action that was denied, such as iam:CreateAccessKey' }),
  ),
  policy: Type.Optional(
    Type.String({ description: 'An IAM policy to copy, where a missing permission is the cause' }),
  ),
}

/** Problem details (RFC 9457), with what to do next and AWS's own code and request id. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'urn:keyturn:problem:NAME; stable, what a program switches on' }),
    status: Type.Integer(),
    ...words,
  },
  { $id: 'Problem', additionalProperties: false },
)
export type Problem = Static<typeof Problem>

/** The same words about a key, a profile, a rotation: no HTTP status belongs there. */
export const Trouble = Type.Object(
  {
    name: Type.String({ description: 'Stable and kebab-case, such as access-denied or file-moved' }),
    ...words,
  },
  { $id: 'Trouble', additionalProperties: false },
)
export type Trouble = Static<typeof Trouble>
