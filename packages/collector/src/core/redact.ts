import { printable } from './printable.ts'

const URL_IN_TEXT = /[a-z][a-z\d+.-]*:\/\/[^\s'"<>]*/gi
/**
 * What a destination or a runtime said, fit for a log and for anybody's eyes: one printable line, and of each URL the
 * scheme and the host, for a path or a query may be as secret as a password.
 *
 * @param most in characters. Default 300: a detail is a remark, and not the destination's whole answer.
 */
export const redact = (text: string, most = 300): string => printable(text.replace(URL_IN_TEXT, toHost)).slice(0, most)

function toHost(text: string): string {
  if (!URL.canParse(text)) return '<url>'
  const { protocol, host } = new URL(text)
  return `${protocol}//${host}`
}
