import { AwsError } from './awsError.ts'
import { permit } from './authorize.ts'
import type { Password, PasswordPolicy, User } from './model.ts'
import { date, namedSubject, needed, subject } from './parameters.ts'
import type { Action } from './parameters.ts'

/** What holds where an account has set no policy. */
const defaultPolicy: PasswordPolicy = { length: 8 }

const noProfile = (user: User) =>
  new AwsError(404, 'NoSuchEntity', `Login Profile for User ${user.name} cannot be found.`)

function passwordOf(user: User): Password {
  if (!user.password) throw noProfile(user)
  return user.password
}

const classes: readonly [name: 'upper' | 'lower' | 'digits' | 'symbols', pattern: RegExp, words: string][] = [
  ['upper', /[A-Z]/, 'uppercase character'],
  ['lower', /[a-z]/, 'lowercase character'],
  ['digits', /[0-9]/, 'number'],
  ['symbols', /[!@#$%^&*()_+\-=[\]{}|']/, 'symbol'],
]

/** In AWS's words. @throws AwsError PasswordPolicyViolation */
function checkNew(user: User, text: string): void {
  const policy = user.account.passwordPolicy ?? defaultPolicy
  const violation = (why: string) => new AwsError(400, 'PasswordPolicyViolation', why)
  if (text.length < policy.length)
    throw violation(`Password should have a minimum length of ${policy.length}`)
  for (const [name, pattern, words] of classes) {
    if (policy[name] && !pattern.test(text)) throw violation(`Password should have at least one ${words}`)
  }
  if (!user.account.passwordPolicy && classes.filter(([, pattern]) => pattern.test(text)).length < 3)
    throw violation('Password does not conform to the account password policy.')
  const { reuse = 0 } = policy
  const used = user.password ? [user.password.text, ...user.password.before].slice(0, reuse) : []
  if (used.includes(text)) throw violation('Password was used before.')
}

function set(user: User, text: string, now: number, reset: boolean): void {
  checkNew(user, text)
  const { password } = user
  user.password = {
    text,
    createdAt: password?.createdAt ?? now,
    before: password ? [password.text, ...password.before] : [],
    resetRequired: reset,
  }
}

export const passwords: Record<string, Action> = {
  GetLoginProfile(context) {
    const user = subject(context, 'GetLoginProfile')
    const { createdAt, resetRequired } = passwordOf(user)
    return {
      LoginProfile: {
        UserName: user.name,
        CreateDate: date(createdAt),
        PasswordResetRequired: resetRequired,
      },
    }
  },

  /** On oneself; it needs no policy where the account lets its users change theirs. */
  ChangePassword({ world, caller, params }) {
    const { user, session } = caller
    if (user.root || session?.role)
      throw new AwsError(400, 'InvalidUserType', 'Only IAM Users can change their own password')
    permit(caller, 'iam:ChangePassword', true, `user ${user.name}`)
    const [before, after] = [needed({ params }, 'OldPassword'), needed({ params }, 'NewPassword')]
    if (before !== passwordOf(user).text) {
      const { status, code, message } = world.behaviour.wrongPassword
      throw new AwsError(status, code, message)
    }
    set(user, after, world.serverNow(), false)
  },

  UpdateLoginProfile(context) {
    const user = namedSubject(context, 'UpdateLoginProfile')
    passwordOf(user)
    const text = context.params.get('Password')
    const reset = context.params.get('PasswordResetRequired') === 'true'
    if (text !== null) set(user, text, context.world.serverNow(), reset)
    else user.password!.resetRequired = reset
  },

  DeleteLoginProfile(context) {
    const user = subject(context, 'DeleteLoginProfile')
    passwordOf(user)
    delete user.password
  },

  GetAccountPasswordPolicy({ caller }) {
    permit(caller, 'iam:GetAccountPasswordPolicy', true, '*')
    const { passwordPolicy: policy, id } = caller.user.account
    if (!policy)
      throw new AwsError(404, 'NoSuchEntity', `The Password Policy with domain name ${id} cannot be found.`)
    return {
      PasswordPolicy: {
        MinimumPasswordLength: policy.length,
        RequireSymbols: policy.symbols ?? false,
        RequireNumbers: policy.digits ?? false,
        RequireUppercaseCharacters: policy.upper ?? false,
        RequireLowercaseCharacters: policy.lower ?? false,
        AllowUsersToChangePassword: true,
        ExpirePasswords: false,
        PasswordReusePrevention: policy.reuse,
      },
    }
  },
}
