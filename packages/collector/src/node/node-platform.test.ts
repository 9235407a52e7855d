import { expect, test } from 'vitest'
import { gzip } from '../../test/gzip.ts'
import { inflateContract } from '../../test/inflate-contract.ts'
import { webPlatform } from '../web-platform.ts'
import { findNodePlatform } from './node-platform.ts'

const platform = findNodePlatform() ?? webPlatform

inflateContract("Node's own inflater", (gzipped, max) => platform.inflate(gzipped, max))

test('in Node, and in workerd as it is deployed, a collector hashes and inflates with what Node has', () => {
  expect(platform.inflate).not.toBe(webPlatform.inflate)
  expect(platform.sha256).not.toBe(webPlatform.sha256)
})

test('a hash is the one that WebCrypto finds', async () => {
  const bytes = await gzip('0123456789')
  expect(await platform.sha256(bytes)).toEqual(await webPlatform.sha256(bytes))
})
