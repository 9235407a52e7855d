/** The file of a site and a day, below the file sink's folder, as the parts of its path. */
export const toDayFile = (keyId: string, day: string): [folder: string, name: string] => [keyId, `dt=${day}.ndjson`]

/** Whether a file is called as the file sink calls those that it appends to. */
export const isDayFile = (name: string): boolean => /^dt=\d{4}-\d\d-\d\d\.ndjson$/.test(name)
