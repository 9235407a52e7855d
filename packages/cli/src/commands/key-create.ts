import { hmacSha256, type KeyClaims, type KeyLimits, signKey } from '@waybill/protocol'
import { parseExpiry } from '../core/parse-expiry.ts'
import { parseRate } from '../core/parse-rate.ts'
import type { Command } from './command.ts'
import { type Call, UsageError } from './options.ts'
import { readSigningSecret, secretOption } from './signing-secret.ts'

/** Makes a write key that says itself what it allows. */
export const keyCreate: Command = {
  summary: 'Makes a signed write key.',
  usage: 'waybill key create --id SITE --origin URL [OPTION…]',
  options: {
    id: { value: 'SITE', help: 'Names the site in object keys and logs.' },
    origin: { value: 'URL', repeated: true, help: 'Where it may be used, exactly. May be repeated.' },
    sink: { value: 'NAME', repeated: true, help: 'Where its batches go. May be repeated. Default: all.' },
    limit: {
      value: 'NAME=N',
      repeated: true,
      help: 'A lower limit: eventBytes=8192. May be repeated.',
    },
    rate: { value: 'N/s', help: 'How often batches may come: 50/s, 600/m, 100/10s.' },
    token: { help: 'Ask for a token that the site’s backend has minted.' },
    expires: { value: 'WHEN', help: 'After 12h, 90d, 1y, or on a date. Default: never.' },
    'signing-key': { value: 'ID', help: 'The secret’s id in the configuration. Default: 1.' },
    ...secretOption,
  },
  details: `Prints a key that carries what it allows, signed. A collector that has the
secret among its signing keys takes it without having it on a list. Like any
write key it stands in the page's source and is no secret; whoever changes a
letter of it has no key.

The secret comes from a file, from standard input, or as WAYBILL_SIGNING_SECRET
from the environment: others can see a program's arguments.

With --token, the site's backend mints tokens with a secret of its own, which
\`waybill key token-secret\` prints.

Exit codes:
  0  the key was printed
  2  called in a wrong way, or the secret can't be read

Examples:
  waybill key secret > secret
  waybill key create --id shop --origin https://a.example --secret-file secret
  waybill key create --id shop --origin https://a.example --secret-file secret \\
    --sink r2 --expires 90d --rate 50/s`,

  async run(call, terminal) {
    if (call.paths[0] !== undefined) {
      throw new UsageError(`'${call.paths[0]}' belongs to no option. See: waybill key create --help`)
    }
    const claims = toClaims(call, Date.now())
    const secret = await readSigningSecret(call, terminal)
    try {
      terminal.stdout.write(`${await signKey(claims, secret, hmacSha256)}\n`)
    } catch (error) {
      throw error instanceof RangeError ? new UsageError(`It can't be signed: ${error.message}`) : error
    }
    return 0
  },
}

function toClaims({ values, lists, flags }: Call, now: number): KeyClaims {
  const { id, rate: rateText, expires } = values
  if (id === undefined) throw new UsageError('Name the site: --id shop.')
  if (!lists.origin) throw new UsageError('Say where it may be used: --origin https://www.example.com.')
  const rate = rateText === undefined ? undefined : parseRate(rateText)
  if (rateText !== undefined && !rate) throw new UsageError(`--rate takes 50/s, 600/m or 100/10s, not '${rateText}'.`)
  const exp = expires === undefined ? undefined : parseExpiry(expires, now)
  if (expires !== undefined && exp === undefined) {
    throw new UsageError(`--expires takes 12h, 90d, 1y or a date as in 2027-01-01, not '${expires}'.`)
  }
  if (exp !== undefined && exp <= now) throw new UsageError(`--expires takes a time to come, not '${expires}'.`)
  const limits = toLimits(lists.limit)
  return {
    kid: values['signing-key'] ?? '1',
    iat: Math.floor(now / 1000),
    ...(exp !== undefined && { exp: Math.ceil(exp / 1000) }),
    id,
    origins: lists.origin,
    ...(lists.sink && { sinks: lists.sink }),
    ...(limits && { limits }),
    ...(rate && { rate }),
    ...(flags.has('token') && { token: 'required' }),
  }
}

/** Which names there are, and how low or high they may be, is the signer's to say. */
function toLimits(texts: readonly string[] | undefined): KeyLimits | undefined {
  return (
    texts &&
    Object.fromEntries(
      texts.map((text) => {
        const [, name = '', value] = /^(\w+)=(\d+)$/.exec(text) ?? []
        if (value === undefined) throw new UsageError(`--limit takes NAME=N as in eventBytes=8192, not '${text}'.`)
        return [name, Number(value)]
      }),
    )
  )
}
