import { hash } from 'node:crypto'
import type { Bytes } from '../../src/core/bytes.ts'

/** SHA-256 in hex, at once. */
export const digestOf = (bytes: Bytes | string): string => hash('sha256', bytes, 'hex')
