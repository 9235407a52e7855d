import { availableParallelism } from 'node:os'

/** How Node's and workerd's tests are run: vitest keeps a core for itself, even of two. */
export const inParallel = { maxWorkers: Math.max(2, availableParallelism() - 1), testTimeout: 30_000 }
