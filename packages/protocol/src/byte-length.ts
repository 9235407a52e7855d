const encoder = new TextEncoder()

/** How many bytes a text takes as UTF-8. Budgets are in bytes; `.length` counts UTF-16 units. */
export const byteLength = (text: string): number => (ASCII.test(text) ? text.length : encoder.encode(text).length)

/** They take a byte each. */
const ASCII = /^[\0-\x7f]*$/
