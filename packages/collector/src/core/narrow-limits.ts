import type { KeyLimits, Limits } from '@waybill/protocol'

/** The lower of both, for each limit: what a key says can't raise what the collector takes. */
export const narrowLimits = (limits: Limits, own: KeyLimits = {}): Limits =>
  Object.fromEntries(
    Object.entries(limits).map(([name, value]) => [name, Math.min(value, own[name as keyof KeyLimits] ?? value)]),
  ) as unknown as Limits
