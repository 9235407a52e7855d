/** What was parsed from JSON, so that nobody can change it for those who read it next. */
export function freeze<Parsed>(parsed: Parsed): Parsed {
  if (typeof parsed === 'object') Object.values(Object.freeze(parsed) ?? {}).forEach(freeze)
  return parsed
}
