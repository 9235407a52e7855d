/** How many times more `pnpm test:full` does of what `pnpm test` does a little of. */
export const scale = process.env.WAYBILL_FULL === '1' ? 10 : 1
