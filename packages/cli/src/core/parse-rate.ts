import type { Rate } from '@waybill/protocol'

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 }

/** `50/s`, `600/m`, or with a number of them, `100/10s`. `undefined` for what is none. */
export function parseRate(text: string): Rate | undefined {
  const [, limit, count, unit = ''] = /^([1-9]\d{0,6})\/([1-9]\d{0,3})?([smh])$/.exec(text) ?? []
  return limit === undefined ? undefined : { limit: Number(limit), period: Number(count ?? 1) * (seconds[unit] ?? 1) }
}
