/** The histories that every run of the tests lets happen; `pnpm simulate` lets any number of others. */
export const RUNS = 300
export const SEED = 1
