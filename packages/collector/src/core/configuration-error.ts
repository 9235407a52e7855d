/** A setting that cannot work, found before the first request. The message names the setting and the mend. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}
