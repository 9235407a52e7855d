import type { ProblemCode, RejectionCode } from '@waybill/protocol'
import type { ReceiptFault } from '../../src/index.ts'

/** How a class has to be answered when nothing else is wrong. */
export type Answer =
  | { refused: ProblemCode }
  | { rejected: RejectionCode }
  /** Recorded, and what the receipt is worth. */
  | { receipt: 'skips' | 'skips nothing' | ReceiptFault }
  | 'recorded'
  | 'as the oracle says'

/** One class of hostile request: what it does to a good one, and its answer. */
export interface Fault<Draft> {
  answer: Answer
  /** @param at which line or event, where it is about one; any number */
  change(draft: Draft, at: number, n: number): void
}

export type Faults<Draft> = Record<string, Fault<Draft>>

export const pick = <Value>(values: readonly Value[], n: number): Value => values[n % values.length] as Value

/** One class of several changes of which any may come. */
export const oneOf = <Draft>(answer: Answer, ...changes: ((draft: Draft, n: number) => void)[]): Fault<Draft> => ({
  answer,
  change: (draft, _, n) => pick(changes, n)(draft, n),
})

/** The header line with a member more; of two of one name the last counts. */
export const withMember =
  (member: string) =>
  (header: string): string =>
    header.replace(/}$/, () => `,${member}}`)
