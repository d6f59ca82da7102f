/**
 * A line of the file as the page may show it. The server masks secrets before they travel; should a value ever come
 * unmasked (a defect, a new key name), it is not drawn either.
 */
export function maskLine(line: string): string {
  return line.replace(
    /^(\s*aws_(?:secret_access_key|session_token|security_token)\s*[=:]\s*)(.*)$/i,
    (_, name: string, value: string) =>
      name + (/^(?:[\s•*.…]*|\([a-z ]+\))$/.test(value) ? value : '•'.repeat(8)),
  )
}
