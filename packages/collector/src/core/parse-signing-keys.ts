import type { SigningKey } from '@waybill/protocol'
import { ConfigurationError } from './configuration-error.ts'

/**
 * Reads signing keys out of a setting that holds them as JSON, `[{"id": "1", "secret": "…"}]`. None where it is not set.
 * Throws a `ConfigurationError` that names the setting, and shows nothing of it.
 *
 * @param name what the setting is called, `SIGNING_KEYS`
 */
export function parseSigningKeys(name: string, text: string | undefined): SigningKey[] {
  if (!text) return []
  try {
    const keys: unknown = JSON.parse(text)
    if (Array.isArray(keys) && keys.every(isSigningKey)) return keys
  } catch {}
  throw new ConfigurationError(`${name}: write it as in [{"id": "1", "secret": "…"}].`)
}

function isSigningKey(value: unknown): value is SigningKey {
  const { id, secret } = Object(value) as Partial<SigningKey>
  return typeof id === 'string' && typeof secret === 'string'
}
