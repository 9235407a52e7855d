/** The user's name of HTTP Basic authentication (RFC 7617); `''` when it cannot be read, nothing without any. */
export function basicUser(authorization: string | undefined): string | undefined {
  const [, credentials] = /^basic +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (credentials === undefined) return
  try {
    return atob(credentials).split(':')[0]
  } catch {
    return ''
  }
}
