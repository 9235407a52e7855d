/** As much of a key as tells it from the others: a server's is a secret, and nobody has to read any over a shoulder. */
export const mask = (key: string): string => `${key.slice(0, Math.max(0, Math.min(8, key.length - 3)))}…`
