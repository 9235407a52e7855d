/** The user's name of HTTP Basic authentication (RFC 7617); nothing when it is empty or cannot be read. */
export function basicUser(authorization: string | undefined): string | undefined {
  const [, credentials] = /^basic +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (credentials === undefined) return
  try {
    return atob(credentials).split(':')[0] || undefined
  } catch {
    return
  }
}
