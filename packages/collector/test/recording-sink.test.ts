import { recordingSink } from './recording-sink.ts'
import { type Destination, sinkContract } from './sink-contract.ts'

sinkContract('the recording sink of the tests', () => {
  const destination: Destination = {
    mode: 'works',
    async held({ batchId }) {
      const batch = sink.batches.get(batchId)
      return batch ? [batch.lines.map((line) => new TextDecoder().decode(line))] : []
    },
  }
  const sink = recordingSink({
    async before() {
      if (destination.mode === 'fails') throw new Error('broken')
      if (destination.mode === 'hangs') await new Promise(() => {})
    },
  })
  return { sink, destination }
})
