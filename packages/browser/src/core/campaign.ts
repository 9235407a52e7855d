import { clip } from './clip.ts'

/** The `utm_` parameters of a URL, in the words of the Segment Spec. */
export type Campaign = {
  source?: string
  medium?: string
  /** `utm_campaign` */
  name?: string
  term?: string
  content?: string
  id?: string
}

const parameters = {
  source: 'utm_source',
  medium: 'utm_medium',
  name: 'utm_campaign',
  term: 'utm_term',
  content: 'utm_content',
  id: 'utm_id',
} satisfies { [Member in keyof Campaign]-?: string }

/** Undefined where there are none. Each is cut off after 100 characters, or 200 bytes of JSON. */
export const readCampaign = (search: string): Campaign | undefined =>
  pickParameters(search, Object.entries(parameters), 100)

/** Parameters of a URL's search part by names of our own, each cut off; undefined where it has none of them. */
export function pickParameters(
  search: string,
  wanted: readonly (readonly [member: string, parameter: string])[],
  length: number,
): { [member: string]: string } | undefined {
  const given = new URLSearchParams(search)
  const found = wanted.flatMap(([member, parameter]) => {
    const value = given.get(parameter)
    return value ? [[member, clip(value, length)]] : []
  })
  return found.length > 0 ? Object.fromEntries(found) : undefined
}
