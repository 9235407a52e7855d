/** Settings as a `.env` file from which wrangler reads exactly these values: it expands `$`, and knows three quotes. */
export function toEnvFile(settings: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(settings)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name}=${quote(name, value)}\n`)
    .join('')
}

function quote(name: string, value: string): string {
  // Inside double quotes \n would become a line break.
  const mark = ["'", '`'].find((each) => !value.includes(each))
  if (mark === undefined) throw new Error(`${name}: it cannot hold both ' and \`.`)
  return mark + value.replaceAll('$', '\\$') + mark
}
