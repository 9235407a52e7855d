import 'vitest'

declare module 'vitest' {
  /** What the two configurations of this package hand to the fuzzing, for Node and for workerd. */
  interface ProvidedContext {
    hostile: { bodies: number; seed: number; corpus: { name: string; input: string }[] }
  }
}
