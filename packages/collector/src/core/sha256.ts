import type { Platform } from './platform.ts'

export const sha256: Platform['sha256'] = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
