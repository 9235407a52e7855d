import type { Json, JsonObject } from '@waybill/protocol'

/**
 * A page's context without how the person before came to it: no referrer, and none of the parameters that its address
 * had then. A click id would link the two.
 *
 * @param before the context when the person before was here last; undefined where there was none in this document
 */
export function withoutArrival(context: JsonObject, before: JsonObject | undefined): JsonObject {
  const { page } = context
  if (!before || !page) return context
  const { url, search } = page as JsonObject
  const former = parametersOf(Object(before.page).search)
  const kept = parametersOf(search).filter((parameter) => !former.includes(parameter))
  const rest = kept.length > 0 ? `?${kept.join('&')}` : ''
  return {
    ...context,
    page: { ...(page as JsonObject), url: String(url).split('?')[0] + rest, search: rest, referrer: '' },
  }
}

const parametersOf = (search: Json | undefined): string[] =>
  String(search ?? '')
    .slice(1)
    .split('&')
    .filter(Boolean)
