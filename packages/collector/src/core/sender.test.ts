import { hmacSha256 } from '@waybill/protocol'
import { expect, test } from 'vitest'
import { formatIp, parseIp, truncateIp } from './ip-address.ts'
import { describeSender, type EnrichOptions, type Sender } from './sender.ts'

const NOW = Date.parse('2026-11-22T10:00:00Z')
const DAY = 86_400_000
const ipSecret = 'a secret for addresses, long enough'
const sender: Sender = {
  address: '203.0.113.77',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
  cf: { country: 'DE', regionCode: 'BY', city: 'München' },
}
const describe = (more: Sender, options: EnrichOptions, now = NOW) =>
  describeSender({ ...sender, ...more }, options, now, hmacSha256)

test('nothing personal is written down unasked: the country, where the network tells it, and no more', async () => {
  expect(await describe({}, {})).toEqual({ geo: { country: 'DE' } })
  expect(await describe({ cf: undefined }, {})).toEqual({})
})

test.each<[geo: EnrichOptions['geo'], expected: object]>([
  ['off', {}],
  ['country', { geo: { country: 'DE' } }],
  ['region', { geo: { country: 'DE', region: 'BY' } }],
  ['city', { geo: { country: 'DE', region: 'BY', city: 'München' } }],
])('as much of the place as was asked for: %s', async (geo = 'off', expected) => {
  expect(await describe({}, { geo })).toEqual(expected)
})

test('a place that is no place is left out', async () => {
  const cf = { country: 'Germany', regionCode: 7, city: `A\u001b[2J${'x'.repeat(100)}` }
  expect(await describe({ cf }, { geo: 'city' })).toEqual({})
})

test('the user agent, when it is asked for, without control characters and not without end', async () => {
  expect(await describe({ cf: undefined }, { userAgent: true })).toEqual({ userAgent: sender.userAgent })
  const userAgent = `x\u001b[2J\n${'y'.repeat(9_000)}`
  const told = (await describe({ userAgent }, { userAgent: true })).userAgent
  expect(told).toMatch(/^x \[2J y+$/)
  expect(told?.length).toBeLessThanOrEqual(512)
})

test.each([
  ['203.0.113.77', '203.0.113.0'],
  ['255.255.255.255', '255.255.255.0'],
  ['::ffff:203.0.113.77', '203.0.113.0'],
  ['::ffff:cb00:714d', '203.0.113.0'],
  ['2001:db8:abcd:12:1:2:3:4', '2001:db8:abcd::'],
  ['2001:DB8:ABCD::1', '2001:db8:abcd::'],
  ['2001:db8::1', '2001:db8:0::'],
  ['::1', '0:0:0::'],
  ['64:ff9b::203.0.113.77', '64:ff9b:0::'],
])('of %s is kept %s', async (address, ip) => {
  expect(await describe({ address, cf: undefined }, { ip: 'truncated' })).toEqual({ ip })
})

test.each([
  ...['', 'unknown', '203.0.113', '203.0.113.256', '203.0.113.7:443', '[::1]', 'fe80::1%eth0', '1::2::3', ':::', '1:2'],
  ...['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::8:9', '12345::', '1.2.3.4::', '::1.2.3.4.5', '::1.2.3', 'g::', '١.1.1.1'],
])('%j is no address, and nothing is kept', async (address) => {
  expect(await describe({ address, cf: undefined }, { ip: 'truncated' })).toEqual({})
  expect(await describe({ address, cf: undefined }, { ip: 'hashed', ipSecret })).toEqual({})
})

test('an address that is hashed is the same for a day, however it is written, and another on the next', async () => {
  const hash = async (address: string, now = NOW) =>
    (await describe({ address, cf: undefined }, { ip: 'hashed', ipSecret }, now)).ipHash
  const today = await hash('203.0.113.77')
  expect(today).toMatch(/^[\w-]{22}$/)
  expect(await hash('::ffff:203.0.113.77', NOW + DAY / 2)).toBe(today)
  expect(await hash('203.0.113.78')).not.toBe(today)
  expect(await hash('203.0.113.77', NOW + DAY)).not.toBe(today)
  expect(await hash('2001:db8::1')).toBe(await hash('2001:DB8:0:0:0:0:0:1'))
})

test('an address is read as it is written: what is parsed means the same', () => {
  // The platform's own parser is the judge.
  for (const text of ['1::', '::', '1:2:3:4:5:6:7:8', '1:2::7:8', '::2:3', 'a:b:c:d:e:f:1.2.3.4', '1:2:3:4:5:6:7::']) {
    const address = parseIp(text)
    expect(new URL(`http://[${address && formatIp(address)}]`).host).toBe(new URL(`http://[${text}]`).host)
    const kept = new URL(`http://[${address && truncateIp(address)}]`)
    expect(kept.host).not.toBe('')
  }
})
