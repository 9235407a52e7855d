import { expect, test } from 'vitest'
import { sameBytes } from './same-bytes.ts'

const hash = Uint8Array.from({ length: 32 }, (_, index) => index)

test('bytes are the same when all of them are', () => {
  expect(sameBytes(hash, hash.slice())).toBe(true)
  for (const place of hash.keys()) {
    const other = hash.with(place, 99)
    expect(sameBytes(hash, other)).toBe(false)
  }
})

test('every byte is looked at, though the first one differs', () => {
  const seen: string[] = []
  const watched = new Proxy(hash.with(0, 99), {
    get: (bytes, name) => {
      if (/^\d+$/.test(String(name))) seen.push(String(name))
      return Reflect.get(bytes, name)
    },
  })
  expect(sameBytes(watched, hash)).toBe(false)
  expect(seen).toEqual([...hash.keys()].map(String))
})
