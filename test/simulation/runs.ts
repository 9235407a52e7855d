/** The histories that every run of the tests lets happen; `pnpm simulate` lets any number of others. */
export const RUNS = 2_000
export const SEED = 1
