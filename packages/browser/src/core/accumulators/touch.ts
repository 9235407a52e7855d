import type { Accumulator } from '../accumulator.ts'
import { type Campaign, pickParameters, readCampaign } from '../campaign.ts'
import { pageOf } from '../page-of.ts'

/** What brought the visitor here once. One without campaign, click ids and referrer came directly. */
export type Touch = {
  at: string
  /** The URL that it led to, without its search part. */
  page: string
  campaign?: Campaign
  /** What ad networks add to the URL, by the parameters' names. */
  clickIds?: { [parameter: string]: string }
  /** Of another site. */
  referrer?: string
}

export type Touches = {
  first?: Touch
  /** The last that was not direct, if there was one. */
  last?: Touch
  /** The document of the last one: what its later events repeat is no other touch. */
  boot?: string
}

const CLICK_IDS = [
  'gclid',
  'gbraid',
  'wbraid',
  'dclid',
  'fbclid',
  'msclkid',
  'ttclid',
  'twclid',
  'li_fat_id',
  'rdt_cid',
  'sccid',
  'epik',
  'yclid',
].map((name) => [name, name] as const)

/**
 * First and last touch, as `state.touch`.
 *
 * @param options `ownSites`: hosts that are no referrers, with their subdomains; the page's own host is one in any case
 */
export const touch = ({ ownSites = [] }: { ownSites?: readonly string[] } = {}): Accumulator<'touch', Touches> => ({
  name: 'touch',
  initial: {},
  fold(value, event) {
    const { url, search, referrer } = pageOf(event)
    const campaign = readCampaign(search)
    const clickIds = pickParameters(search, CLICK_IDS, 200)
    const from = hostOf(referrer)
    const isOwn = [hostOf(url), ...ownSites].some((site) => from === site || from.endsWith(`.${site}`))
    const source = {
      ...(campaign && { campaign }),
      ...(clickIds && { clickIds }),
      ...(from && !isOwn && { referrer }),
    }
    const isDirect = Object.keys(source).length === 0
    const boot = event.monotonic?.boot
    if (value.first && (isDirect || (value.boot === boot && isSame(source, value.last)))) return value
    const current: Touch = { at: event.timestamp, page: url, ...source }
    return { first: value.first ?? current, last: current, ...(boot && { boot }) }
  },
})

const isSame = (source: Partial<Touch>, { campaign, clickIds, referrer }: Partial<Touch> = {}) =>
  JSON.stringify([source.campaign, source.clickIds, source.referrer]) === JSON.stringify([campaign, clickIds, referrer])

/** Empty for what is no URL. */
function hostOf(url: string): string {
  try {
    return new URL(url).host
  } catch {
    return ''
  }
}
