import { checkShape } from '@waybill/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { survey } from './survey.ts'

const key = fc.constantFrom('a', 'b', '__proto__', 'c')
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('1', '"x"', 'null'),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join()}]`),
    fc.dictionary(key, tie('value'), { maxKeys: 3 }).map(toText),
  ),
}))

function toText(members: object): string {
  return `{${Object.entries(members).map(([name, text]) => `"${name}":${text}`)}}`
}

test('what the SDK lets through for its shape the collector does as well, and nothing else', () => {
  fc.assert(
    fc.property(value, fc.integer({ min: 1, max: 6 }), (text, depth) => {
      const parsed = JSON.parse(`{"a":${text}}`)
      const found = survey(parsed)
      expect(found.depth > depth || found.hasPrototype).toBe(checkShape(parsed, depth) !== undefined)
    }),
    { numRuns: 1_000 },
  )
})
