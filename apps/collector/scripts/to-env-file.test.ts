import { expect, test } from 'vitest'
import { toEnvFile } from './to-env-file.ts'

test('a setting that is not set is left out', () => {
  expect(toEnvFile({ A: 'x', B: undefined })).toBe("A='x'\n")
})

test('nothing in a value is expanded, unescaped or taken for the end of it', () => {
  expect(toEnvFile({ A: 'a$b"c`d\\n #$HOME' })).toBe("A='a\\$b\"c`d\\n #\\$HOME'\n")
  expect(toEnvFile({ A: "it's" })).toBe("A=`it's`\n")
})

test('a value that no quotes can hold is refused', () => {
  expect(() => toEnvFile({ A: "'`" })).toThrow('A: it cannot hold both')
})
