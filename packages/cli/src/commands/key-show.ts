import { hmacSha256, type KeyClaims, readClaims, signText, splitKey } from '@waybill/protocol'
import { renderKey, type Signature } from '../core/render-key.ts'
import type { Command } from './command.ts'
import { type Call, UsageError } from './options.ts'
import { findSigningSecret, secretOption } from './signing-secret.ts'
import type { Terminal } from './terminal.ts'

/** Says what a signed key says. */
export const keyShow: Command = {
  summary: 'Says what a signed write key allows.',
  usage: 'waybill key show [--json] [--secret-file FILE] KEY',
  options: {
    json: { help: 'Print what it says as one JSON object.' },
    ...secretOption,
  },
  details: `Anybody can read a key. With the secret, from a file or as
WAYBILL_SIGNING_SECRET, it says as well whether the signature is right.

Exit codes:
  0  it can be read, and is neither expired nor signed wrongly
  1  it has expired, or its signature is wrong
  2  called in a wrong way, or this is no signed key`,

  async run(call, terminal) {
    const [key, more] = call.paths
    if (key === undefined || more !== undefined) throw new UsageError('Name one key. See: waybill key show --help')
    const parts = splitKey(key)
    if (!parts) throw new UsageError("This is no signed key: those are 'wk_', letters, a dot and 43 letters.")
    const claims = readClaims(parts.signed)
    if (!claims.ok) throw new UsageError(`This key can't be read: ${claims.fault}`)
    const signature = await checkSignature(parts, call, terminal)
    const now = Date.now()
    terminal.stdout.write(
      call.flags.has('json') ? `${JSON.stringify(claims.value)}\n` : renderKey(claims.value, signature, now),
    )
    return signature === 'wrong' || isExpired(claims.value, now) ? 1 : 0
  },
}

async function checkSignature(
  { signed, signature }: { signed: string; signature: string },
  call: Call,
  terminal: Terminal,
): Promise<Signature> {
  const secret = await findSigningSecret(call, terminal)
  if (secret === undefined) return 'unchecked'
  return (await signText(secret, signed, hmacSha256)) === signature ? 'right' : 'wrong'
}

const isExpired = ({ exp }: KeyClaims, now: number): boolean => exp !== undefined && exp * 1000 <= now
