import type { Trouble } from '../../api/problem.ts'

/** What a file is that is not one of AWS's two, and what to do with it. */
interface Form {
  readonly is: (bytes: Buffer, text: string) => boolean
  readonly what: string
  readonly remedy: string
}

const rewrite =
  'Write the pair as a profile: [default], then "aws_access_key_id = …" and "aws_secret_access_key = …" on lines of their own.'

/** The first that fits; each is told once for the whole file, since no line of it is one of ours. */
const forms: readonly Form[] = [
  {
    is: (bytes) => bytes.every((byte) => byte === 0),
    what: 'it holds nothing but zero bytes, as a crash or a full disk leaves a file',
    remedy: 'Bring it back from a backup, or write it anew with aws configure.',
  },
  {
    is: (bytes) => isUtf16(bytes),
    what: 'it is text in UTF-16, as PowerShell’s ">" and some editors write it; AWS’s tools read UTF-8',
    remedy: 'Save it as UTF-8 without a byte order mark. In PowerShell: Set-Content -Encoding ascii.',
  },
  {
    is: (_, text) => /^[^\n#;[]*\baccess key id"?,"?secret access key\b/i.test(text),
    what: 'it is the table (CSV) that AWS’s console offers for a new key',
    remedy: `${rewrite} Or: aws configure import --csv file://NAME.csv`,
  },
  {
    is: (_, text) => /^(#.*\s+)*AWSAccessKeyId\s*=/i.test(text) && !/^\s*\[/m.test(text),
    what: 'it is the file that AWS’s console offers for a root key (AWSAccessKeyId=…)',
    remedy: `${rewrite} A root key cannot be rotated here, and is better deleted.`,
  },
  {
    is: (_, text) =>
      (/^\s*(export\s+|set\s+|setx\s+|\$env:)AWS_ACCESS_KEY_ID\s*[= ]/im.test(text) ||
        /^\s*AWS_ACCESS_KEY_ID\s*=/m.test(text)) &&
      !/^\s*\[/m.test(text),
    what: 'it sets environment variables (AWS_ACCESS_KEY_ID=…), as a shell or a .env file does',
    remedy: rewrite,
  },
  {
    is: (_, text) => /^(\{|\[\s*\{)/.test(text) && isJson(text),
    what: 'it is JSON, as aws iam create-access-key and aws sts print it',
    remedy: rewrite,
  },
  {
    is: (_, text) => /^<(!doctype|html|\?xml)/i.test(text),
    what: 'it is a web page or XML',
    remedy: 'Look at where it was downloaded from; it may be a sign-in page. Then write the profiles anew.',
  },
  {
    is: (bytes, text) =>
      /^(-----BEGIN (PGP|AGE)|age-encryption\.org|\$ANSIBLE_VAULT)/.test(text) ||
      bytes.subarray(0, 10).toString('latin1') === '\0GITCRYPT\0',
    what: 'it is encrypted',
    remedy: 'Decrypt it first, or name the decrypted file with --credentials-file.',
  },
]

/**
 * What a file is where it is no credentials or config file at all: nothing can be said of single lines then.
 * @param path as the person knows it
 * @returns undefined where it may be one
 */
export function foreignForm(bytes: Buffer, path: string): Trouble | undefined {
  if (bytes.length === 0) return undefined
  const text = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart()
  const form = forms.find(({ is }) => is(bytes, text))
  if (!form) return undefined
  return {
    name: 'not-a-profile-file',
    title: 'Not a file of profiles',
    detail: `${path}: ${form.what}. No tool finds a profile in it. Nothing was changed.`,
    remedy: form.remedy,
  }
}

/** A mark, or a zero in every second byte of a text that is mostly ASCII. */
function isUtf16(bytes: Buffer): boolean {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true
  if (bytes.length < 4) return false
  const start = bytes.subarray(0, 200)
  const zeros = [0, 1].map((parity) => start.filter((byte, at) => at % 2 === parity && byte === 0).length)
  return zeros.some((count, parity) => count > start.length / 4 && zeros[1 - parity] === 0)
}

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object'
  } catch {
    return false
  }
}
