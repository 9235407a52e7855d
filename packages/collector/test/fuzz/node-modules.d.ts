// Node and workerd both have them; these tests use no more of either.
declare module 'node:zlib' {
  export function deflateRawSync(bytes: Uint8Array): Uint8Array
}

declare module 'node:crypto' {
  export function hash(algorithm: 'sha256', bytes: Uint8Array, encoding: 'hex'): string
}
