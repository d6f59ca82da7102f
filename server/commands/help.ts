/** What `keyturn --help` prints. */
export const help = `Keyturn rotates the AWS access keys in your credentials file, from a page on this machine.

  keyturn [options]            open the page
  keyturn rotate [options]     rotate without the page: --all, --profile NAME or --older-than DAYS
  keyturn status [options]     what is due: keys over their age, old keys, interrupted runs
  keyturn undo ID [options]    put the old keys of a run or a rotation back; or --profile NAME
  keyturn find [KEYID…]        where else on this machine keys stand; nothing is changed
  keyturn mend [options]       put the pairs that work back where a file came back old, or was emptied, cut or lost
  keyturn old [options]        old keys: off since, last used, safe to delete on; deletes or reactivates them
  keyturn tidy [options]       turn off the old keys whose grace is over, and delete those that have been quiet
  keyturn trail [KEYID…]       what AWS's CloudTrail knows of old keys: who used them, and what they left open
  keyturn after [options]      what a user has beside keys, and the sessions that outlive one; and ends them
  keyturn --recover [options]  finish or roll back what an earlier run left under way

Options of every command
  --credentials-file FILE      default: AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials
  --config-file FILE           default: AWS_CONFIG_FILE, else ~/.aws/config
  --state-dir DIR              where the journal, the settings and the undo pairs are kept
  --endpoint-url URL           send every call here instead of to AWS
  --demo                       try it with an embedded IAM and made-up keys; your files are not touched
  --version, --help

The page
  --port N                     just this one; without it, or with 0, one is drawn anew at each start
  --no-open                    print the link without opening the browser (or set BROWSER=none)

rotate
  --all                        every key but canaries and exclusions
  --profile NAME               the key of this profile; may be given more than once
  --older-than DAYS            only keys older than that, such as 90 or 90d, by the age that AWS tells
  --old-key MODE               deactivate (default), delete or keep
  --for DAYS                   with --old-key keep: from then on the old key is due to be turned off, by keyturn tidy
  --tidy                       first do what keyturn tidy does
  --delete-spare KEYID         make room: delete this second key of a user, which no profile holds, for good;
                               may be given more than once; the plan prints it where it is needed
  --make-room WHICH            which second keys go without being named: ours-quiet (default: turned off by
                               Keyturn, and unused for the quiet days since), ours, inactive, or ask (none)
  --merge KEYID                give the profiles of a user's two keys one new key; the second of the two is
                               deleted for good; may be given more than once; the plan prints it where it is needed
  --signer PROFILE             let this administrator's profile sign for users of its account who may not themselves
  --include-canaries           with --profile: also keys that look planted, whose use raises an alarm
  --hook PROGRAM               run it after each save and before the old key goes; may be given more than once

status
  --check                      ask AWS first; without it, what the last check found, and no call is made

undo
  --how HOW                    restore (default): the old pair is back in the file, the new key is off;
                               reactivate: the old key works again beside the new one
  --new-key MODE               for restore: deactivate (default) or delete the new key
  --profile NAME               the newest rotation of this profile; may be given more than once

find
  KEYID…                       whole ids; default: every key of the files and every key that Keyturn replaced
  --update                     put the new pair where a replaced one stands and nothing else can be meant; shows
                               the changes and asks first; undone together with the rotation
  --in DIR                     look there; may be given more than once; default: the known places, then your home

mend
  --profile NAME               only this profile; may be given more than once
  --taken-out NAME             it is gone because you took it out: tell of it no more; may be given more than once

old
  --delete quiet|KEYID…        delete for good: all that Keyturn turned off and nobody has used since for the quiet
                               days of the settings, by what AWS says now; or the keys that are named
  --reactivate KEYID…          turn it on again

trail
  KEYID…                       which keys, by their whole ids; default: the old keys of the newest run
  --since DATE                 not before this day, such as 2026-01-31, in UTC; CloudTrail keeps 90 days
  --regions all|NAME…          default: where IAM's history stands, where the key was used last, those of its profiles
  --signer PROFILE             who asks, where the user's own new key may not
  --csv                        every event, a line for each, on standard output

after
  --profile NAME               the user of this profile's key; may be given more than once; default: those of the newest run
  --since DATE                 what was made from this day on is new, such as 2026-01-31, in UTC
  --signer PROFILE             let this administrator's profile of the account ask and act
  --deactivate ID…             turn a service password, an API key, an SSH key or a certificate off
  --activate ID…               turn it on again
  --delete ID…                 delete one that is off, for good
  --end-sessions               deny every session issued before the old key was off; the user's new key goes on working
  --finish                     take that policy off again, from 36 hours on

Without the page
  --dry-run                    show the plan and do nothing (rotate, undo, mend, old, tidy, find --update, after)
  --yes, -y                    do not ask (rotate, undo, mend, old, tidy, find --update, after); needed where there is no terminal
  --recover                    with rotate, undo or mend: first finish or roll back what is interrupted
  --json                       one JSON document on standard output, all else on standard error

Where its output is no terminal, a command that has nothing to say prints nothing, as cron likes it.

Exit codes
  0    ok; status: nothing is due; find: nothing was found
  1    some failed, or a key that was asked for was left as it was; status: something is due; find: found;
       trail: used from elsewhere, a door was left open, or not all could be read; after: something is open
  2    wrong usage, such as a taken --port, or no terminal to ask on and no --yes
  3    nothing to do; trail: nothing could be asked
  4    an interrupted run needs keyturn --recover, or recovery needs a person; after: an act was cut off
  130  interrupted
`
