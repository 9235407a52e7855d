/** What a release adds that this one does not know: an accumulator. It counts events as `state.journey`. */
const withJourney = (module: string): string =>
  replaceOne(
    module,
    'collectAccumulators(builtIn, options',
    `collectAccumulators([...builtIn, {
      name: 'journey',
      initial: { events: 0 },
      fold: (value) => ({ events: value.events + 1 }),
    }], options`,
  )

/** Releases of the SDK to come, made from the module that was built. */
export const releases = {
  /** It stores what this one can't read. */
  next: (module: string): string => withJourney(replaceOne(module, 'const FORMAT = 1;', 'const FORMAT = 2;')),
  /** It stores in the same format. */
  'same format': withJourney,
} satisfies Record<string, (module: string) => string>

export type ReleaseName = keyof typeof releases

/** A replacement that finds nothing would make a test of two releases one of a single one. */
function replaceOne(text: string, wanted: string, replacement: string): string {
  const parts = text.split(wanted)
  if (parts.length !== 2) throw new Error(`${wanted} is ${parts.length - 1} times in the built SDK, and not once`)
  return parts.join(replacement)
}
