// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal must not be sent
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** Text from the data with nothing in it that a terminal would obey. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
