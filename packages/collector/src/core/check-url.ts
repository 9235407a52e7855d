import { ConfigurationError } from './configuration-error.ts'
import { isLoopback } from './is-loopback.ts'

/**
 * The URL of a destination. Throws a {@link ConfigurationError} unless it is https, or http to this machine, and holds no
 * user and password. Never shows the text, whose path may be as secret as a password.
 *
 * @param setting its name, for the message
 * @param example one that works, for the message
 */
export function checkUrl(text: string, { setting, example }: { setting: string; example: string }): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url) throw new ConfigurationError(`${setting}: use a whole URL as in '${example}'.`)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new ConfigurationError(
      `${setting}: use https; only this machine may be reached over http; it is '${url.origin}'.`,
    )
  }
  if (url.username || url.password) {
    throw new ConfigurationError(
      `${setting}: take the user and password out; they are settings of their own or headers.`,
    )
  }
  return url
}
