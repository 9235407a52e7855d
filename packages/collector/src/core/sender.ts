import { type Geo, type Received, signText } from '@waybill/protocol'
import { formatIp, parseIp, truncateIp } from './ip-address.ts'
import type { Platform } from './platform.ts'
import { printable } from './printable.ts'

/** What the network says of who sends a request. Anything may be in it, and most of it is personal. */
export interface Sender {
  /** An IP address. */
  address?: string | undefined
  userAgent?: string | undefined
  /** Cloudflare's `request.cf`. */
  cf?: { country?: unknown; regionCode?: unknown; city?: unknown } | undefined
}

/** What of the sender is written into each event's `received`. */
export interface EnrichOptions {
  /**
   * Where the network takes the sender to be: the country, that and the region, or those and the city. Known on
   * Cloudflare only. Default `country`.
   */
  geo?: 'off' | 'country' | 'region' | 'city'
  /** The `User-Agent`, of at most 512 characters. Default false. */
  userAgent?: boolean
  /**
   * The address: `truncated` to 24 bits of IPv4 or 48 of IPv6, as `received.ip`; or `hashed`, as `received.ipHash`: an HMAC
   * under `ipSecret` and the day, which tells one sender from another on one day and not on the next. Default `off`.
   */
  ip?: 'off' | 'truncated' | 'hashed'
  /** For `hashed`: at least 32 characters. Who has it can find an address by trying all of them. */
  ipSecret?: string
  /**
   * The header in which a proxy of your own writes the sender's address; of a list, the last counts, which the nearest
   * proxy wrote. Anybody can send a header: name one only where nobody gets past that proxy. Default: Cloudflare's
   * `CF-Connecting-IP` on Workers, the connection's in Node.
   */
  ipHeader?: string
}

const levels = ['off', 'country', 'region', 'city'] as const

const MOST_AGENT = 512

/** What `received` says of a sender. What is not understood is left out. */
export async function describeSender(
  { address, userAgent, cf }: Sender,
  { geo = 'country', userAgent: keepsAgent = false, ip = 'off', ipSecret = '' }: EnrichOptions,
  now: number,
  hmac: Platform['hmac'],
): Promise<Pick<Received, 'geo' | 'userAgent' | 'ip' | 'ipHash'>> {
  const where = toGeo(cf, levels.indexOf(geo))
  const agent = keepsAgent && userAgent ? printable(userAgent.slice(0, MOST_AGENT)) : ''
  const parsed = ip === 'off' || !address ? undefined : parseIp(address)
  return {
    ...(where && { geo: where }),
    ...(agent !== '' && { userAgent: agent }),
    ...(parsed && ip === 'truncated' && { ip: truncateIp(parsed) }),
    ...(parsed && ip === 'hashed' && { ipHash: await hashIp(formatIp(parsed), ipSecret, now, hmac) }),
  }
}

function toGeo(cf: Sender['cf'], level: number): Geo | undefined {
  const { country, regionCode, city } = cf ?? {}
  const geo: Geo = {
    ...(level >= 1 && isText(country, /^[A-Z][A-Z\d]$/) && { country }),
    ...(level >= 2 && isText(regionCode, /^[A-Z\d]{1,3}$/i) && { region: regionCode }),
    ...(level >= 3 && isText(city, /^[^\p{Cc}]{1,100}$/u) && { city }),
  }
  return Object.keys(geo).length > 0 ? geo : undefined
}

const isText = (value: unknown, form: RegExp): value is string => typeof value === 'string' && form.test(value)

/** 22 letters of the HMAC, 132 bits. */
async function hashIp(address: string, secret: string, now: number, hmac: Platform['hmac']): Promise<string> {
  const day = new Date(now).toISOString().slice(0, 10)
  return (await signText(secret, `${day} ${address}`, hmac)).slice(0, 22)
}
