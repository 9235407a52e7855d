import { recordingSink } from '../recording-sink.ts'
import type { Destination, SinkFixture } from '../sink-contract.ts'

/** The sink that other tests look into. It holds a batch once, and the first of a fork. */
export function create(): SinkFixture {
  const destination: Destination = {
    mode: 'works',
    async held({ batchId }) {
      return [...sink.batches.values()]
        .filter((batch) => batch.batchId === batchId)
        .map(({ lines }) => lines.map((line) => new TextDecoder().decode(line)))
    },
  }
  const sink = recordingSink({
    async before() {
      if (destination.mode === 'fails') throw new Error('broken')
      if (destination.mode === 'hangs') await new Promise(() => {})
    },
  })
  return { sink, destination, elsewhere: [{ ...sink, generation: '2' }] }
}
