import type { EventType } from '@waybill/protocol'

/** What a path takes: one event of a type, or a batch of any. */
export type Taken = EventType | 'batch'

/**
 * Where clients post: as Segment's HTTP API has it
 * (https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api), by one letter as
 * `@segment/analytics-next` 1.84 does, and where `@rudderstack/analytics-js` 3.34 sends its beacons.
 */
export const segmentPaths: readonly (readonly [path: string, takes: Taken])[] = [
  ['/v1/batch', 'batch'],
  ['/v1/b', 'batch'],
  ['/beacon/v1/batch', 'batch'],
  ['/v1/track', 'track'],
  ['/v1/t', 'track'],
  ['/v1/page', 'page'],
  ['/v1/p', 'page'],
  ['/v1/screen', 'screen'],
  ['/v1/s', 'screen'],
  ['/v1/identify', 'identify'],
  ['/v1/i', 'identify'],
  ['/v1/group', 'group'],
  ['/v1/g', 'group'],
  ['/v1/alias', 'alias'],
  ['/v1/a', 'alias'],
]
