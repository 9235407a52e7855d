const encoder = new TextEncoder()

/** How many bytes a text takes as UTF-8. Budgets are in bytes; `.length` counts UTF-16 units. */
export const byteLength = (text: string): number => encoder.encode(text).length
