/** The histories that every run of the tests lets happen; `pnpm simulate` lets any number of others. */
export const RUNS = 2_000
export const SEED = 1
/** Each has its own seed, so that their number is part of which histories there are. */
export const WORKERS = 2
