import { consoleSink } from '../../src/sinks/console-sink.ts'
import type { Destination, SinkFixture } from '../sink-contract.ts'

/** A terminal. It shows no batches: one begins where the seqs do not go on. */
export function create(): SinkFixture {
  const shown: { seq: number; text: string }[] = []
  const destination: Destination = {
    mode: 'works',
    async held() {
      const batches: string[][] = []
      for (const [index, { seq, text }] of shown.entries()) {
        if (seq > (shown[index - 1]?.seq ?? Number.POSITIVE_INFINITY)) batches.at(-1)?.push(text)
        else batches.push([text])
      }
      return batches
    },
    traceOf(line) {
      const { seq, through, type } = JSON.parse(line)
      return `${Number.isInteger(through) ? `${seq}–${through}` : seq} ${type}`
    },
  }
  async function print(text: string) {
    if (destination.mode === 'fails') throw new Error('the terminal is gone')
    if (destination.mode === 'hangs') await new Promise(() => {})
    const [, seqs = '', type] = /^\S*\s+(\S+)\s+(\S+)/.exec(text) ?? []
    shown.push({ seq: Number.parseInt(seqs, 10), text: `${seqs} ${type}` })
  }
  return { sink: consoleSink({ print }), destination }
}
