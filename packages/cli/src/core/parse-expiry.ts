const HOUR = 3_600_000
const units: Readonly<Record<string, number>> = { h: HOUR, d: 24 * HOUR, y: 365 * 24 * HOUR }

/**
 * When a key expires, in ms since 1970: after `12h`, `90d` or `1y`, or at a date (`2027-01-01`, in UTC) or an instant of
 * RFC 3339. `undefined` for what is none.
 */
export function parseExpiry(text: string, now: number): number | undefined {
  const [, count, unit = ''] = /^([1-9]\d{0,4})([hdy])$/.exec(text) ?? []
  if (count !== undefined) return now + Number(count) * (units[unit] ?? 0)
  const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/.test(text)
  const at = isDate ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}
