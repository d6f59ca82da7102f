/** What `keyturn --help` prints. */
export const help = `Keyturn rotates the AWS access keys in your credentials file, from a page on this machine.

  keyturn [options]            open the page
  keyturn rotate [options]     rotate without the page: --all, --profile NAME or --older-than DAYS
  keyturn status [options]     what is due: keys over their age, old keys, interrupted runs
  keyturn undo ID [options]    put the old keys of a run or a rotation back; or --profile NAME
  keyturn --recover [options]  finish or roll back what an earlier run left under way

Options of every command
  --credentials-file FILE      default: AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials
  --config-file FILE           default: AWS_CONFIG_FILE, else ~/.aws/config
  --state-dir DIR              where the journal, the settings and the undo pairs are kept
  --endpoint-url URL           send every call here instead of to AWS
  --demo                       try it with an embedded IAM and made-up keys; your files are not touched
  --version, --help

The page
  --port N                     default 7420, or the next free one; with --port just that one (0: any)
  --no-open                    print the link without opening the browser (or set BROWSER=none)

rotate
  --all                        every key but canaries and exclusions
  --profile NAME               the key of this profile; may be given more than once
  --older-than DAYS            only keys older than that, such as 90 or 90d, by the age that AWS tells
  --old-key MODE               deactivate (default), delete or keep
  --delete-spare KEYID         make room: delete this second key of a user, which no profile holds, for good;
                               may be given more than once; the plan prints it where it is needed
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

Without the page
  --dry-run                    show the plan and do nothing (rotate, undo)
  --yes, -y                    do not ask (rotate, undo); needed where there is no terminal
  --recover                    with rotate or undo: first finish or roll back what is interrupted
  --json                       one JSON document on standard output, all else on standard error

Where its output is no terminal, a command that has nothing to say prints nothing, as cron likes it.

Exit codes
  0    ok; status: nothing is due
  1    some failed, or a key that was asked for was left as it was; status: something is due
  2    wrong usage, such as a taken --port, or no terminal to ask on and no --yes
  3    nothing to do
  4    an interrupted run needs keyturn --recover, or recovery needs a person
  130  interrupted
`
