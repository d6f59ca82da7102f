/**
 * What `npm test` leaves to `npm run test:slow`, so that it stays within four minutes on two cores. A file that is named
 * nowhere here runs in `npm test`; each runs in one of the two, and CI runs both.
 */

/** They start the command many times, or play many lives. */
export const slowUnits = [
  'e2e/deploy.test.ts',
  'e2e/faults/{badDays,callFaults,kills}.test.ts',
  'server/commands/{accounts,after,afterwards,beside,fileHandles,leaked,leaving,mend,oddState}.test.ts',
  'server/commands/{old,quarters,remind,tidy,trail,unreadableFiles}.test.ts',
  'server/http/fuzz.test.ts',
  'server/rotation/{goneProfiles,lifetimes}.test.ts',
  'server/sandbox/awsCli.test.ts',
]

/** They walk every screen in every width, or a page that is used less. */
export const slowSpecs = [
  '{breach,forcedColors,fuzz,gallery,history,keyboard,lateAnswers,ledger,mfa,oldKeys,otherCredentials}.spec.ts',
  '{room,run,session,states,theft,tidy,trail}.spec.ts',
]
