import type { EventHistory } from '../trail/ports.ts'
import type { Caller } from './caller.ts'

/** CloudTrail's LookupEvents behind the port. */
export function eventHistory(caller: Caller): Omit<EventHistory, 'isThere'> {
  return {
    async page(signer, { keyId, start, end, token }, options) {
      const { output, date } = await caller.read(
        'cloudtrail:LookupEvents',
        signer,
        options,
        ({ cloudtrail }, send) =>
          cloudtrail.lookupEvents(
            {
              LookupAttributes: [{ AttributeKey: 'AccessKeyId', AttributeValue: keyId }],
              ...(start !== undefined && { StartTime: start / 1_000 }),
              ...(end !== undefined && { EndTime: end / 1_000 }),
              ...(token !== undefined && { NextToken: token }),
            },
            send,
          ),
      )
      const { Events, NextToken } = output
      // Something between us and AWS answered with other JSON: that must not read as 'nothing was done'.
      if (!Array.isArray(Events)) throw caller.unreadable('cloudtrail:LookupEvents', signer)
      return {
        events: Events,
        ...(typeof NextToken === 'string' && NextToken !== '' && { next: NextToken }),
        ...(date !== undefined && { date }),
      }
    },
  }
}
