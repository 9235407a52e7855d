import { fail, type Result } from '@waybill/protocol'
import { describeError } from './describe-error.ts'
import type { TransientFault } from './sink.ts'

/** What the work comes to; what it throws is a destination that cannot be reached. */
export async function attempt<Fault>(
  work: () => Promise<Result<void, Fault>>,
): Promise<Result<void, Fault | TransientFault>> {
  try {
    return await work()
  } catch (error) {
    return fail({ kind: 'transient', detail: describeError(error) })
  }
}
