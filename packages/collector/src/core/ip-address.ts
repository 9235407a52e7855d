/** An address as its 16-bit groups, eight of IPv6; of IPv4 its four bytes. */
export interface IpAddress {
  version: 4 | 6
  parts: readonly number[]
}

/** Reads an address as it is written (RFC 4291, 2.2). An IPv4 address that is mapped into IPv6 is the IPv4 address. */
export function parseIp(text: string): IpAddress | undefined {
  const bytes = parseIpv4(text)
  if (bytes) return { version: 4, parts: bytes }
  if (text.length > 45 || !/^[\da-f:.]+$/i.test(text)) return
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0) return
  const before = parseGroups(head, tail === undefined)
  const after = tail === undefined ? [] : parseGroups(tail, true)
  if (!before || !after) return
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 1) return
  const parts = [...before, ...Array<number>(missing).fill(0), ...after]
  const isMapped = parts.slice(0, 5).every((group) => group === 0) && parts[5] === 0xffff
  if (!isMapped) return { version: 6, parts }
  return { version: 4, parts: parts.slice(6).flatMap((group) => [group >> 8, group & 255]) }
}

function parseIpv4(text: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return
  const bytes = text.split('.').map(Number)
  return bytes.every((byte) => byte < 256) ? bytes : undefined
}

/** @param isEnd whether an address in IPv4's form may stand for the last two groups */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  for (const [index, part] of text.split(':').entries()) {
    const [a, b, c, d] = (isEnd && index === text.split(':').length - 1 && parseIpv4(part)) || []
    if (a !== undefined && b !== undefined && c !== undefined && d !== undefined) groups.push(a * 256 + b, c * 256 + d)
    else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else return
  }
  return groups
}

/** One text for each address, however it was written. */
export const formatIp = ({ version, parts }: IpAddress): string =>
  version === 4 ? parts.join('.') : parts.map((group) => group.toString(16)).join(':')

/** Of an IPv4 address the first 24 bits, of an IPv6 address the first 48: what a household or an office shares with others. */
export const truncateIp = ({ version, parts }: IpAddress): string =>
  version === 4
    ? [...parts.slice(0, 3), 0].join('.')
    : `${parts
        .slice(0, 3)
        .map((group) => group.toString(16))
        .join(':')}::`
