import type { BatchHeader } from '@waybill/protocol'
import type { Cut } from './records.ts'
import { timestamp } from './timestamp.ts'

/**
 * The text of one presentation of a batch. Everything after the header line is the same on every repeat.
 *
 * @param now ms since 1970
 * @param token what the site's backend has minted
 * @param copy whether nobody waits for the answer
 */
export function composeBatch(
  { number: _number, ...cut }: Cut,
  lines: readonly string[],
  sdk: string,
  now: number,
  token?: string,
  copy?: true,
): string {
  const header: BatchHeader = { v: 1, ...cut, sdk, sentAt: timestamp(now), copy, token }
  return `${JSON.stringify(header)}\n${lines.join('\n')}\n`
}
