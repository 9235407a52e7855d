import type { KeyClaims } from '@waybill/protocol'
import { printable } from './printable.ts'
import { toTable } from './table.ts'

/** What was found of a key's signature. */
export type Signature = 'right' | 'wrong' | 'unchecked'

const signatures: Readonly<Record<Signature, string>> = {
  right: 'right',
  wrong: 'wrong: another secret, or the key was changed',
  unchecked: 'not checked: give the secret',
}

/** What a key says, for people. */
export function renderKey(claims: KeyClaims, signature: Signature, now: number): string {
  const { id, origins, sinks, limits, rate, token, kid, iat, exp } = claims
  const at = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000', '')
  const rows: [string, string][] = [
    ['site', id],
    ...origins.map((origin, index): [string, string] => [index === 0 ? 'origins' : '', origin]),
    ['sinks', sinks ? sinks.join(', ') : 'all'],
    [
      'limits',
      Object.entries(limits ?? {})
        .map(([name, most]) => `${name} ${most}`)
        .join(', ') || "the collector's",
    ],
    ['rate', rate ? `${rate.limit} requests in ${rate.period} s` : 'any'],
    ['token', token ?? 'none'],
    ['signed', `${at(iat)}, with ${kid}`],
    ['expires', exp === undefined ? 'never' : `${at(exp)}${exp * 1000 <= now ? ': it has expired' : ''}`],
    ['signature', signatures[signature]],
  ]
  const columns = [{ title: '' }, { title: '' }]
  return `${toTable(
    columns,
    rows.map((row) => row.map(printable)),
  )}\n`
}
