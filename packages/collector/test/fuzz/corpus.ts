import { inject } from 'vitest'

/** Texts that a parser must take (`y_`), must not take (`n_`), and may or may not (`i_`). */
const { corpus: all } = inject('hostile')

export const corpus: readonly string[] = all.map(({ input }) => input)

/** Those that no parser may take, of one line: with an LF they are two lines of a batch. */
export const invalid: readonly string[] = all
  .filter(({ name, input }) => name.startsWith('n_') && !input.includes('\n'))
  .map(({ input }) => input)

/** The two large ones of the suite, `n_structure_100000_opening_arrays` and `n_structure_open_array_object`. */
export const huge: readonly string[] = ['['.repeat(100_000), '[{"":'.repeat(50_000)]
