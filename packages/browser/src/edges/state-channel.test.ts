import { expect, onTestFinished, test } from 'vitest'
import { createStateChannel, type StateChannel } from './state-channel.ts'

/** Two pages' channels of one name, and how often the second has heard the first. */
function open() {
  const name = crypto.randomUUID()
  const [one, other] = [createStateChannel(name), createStateChannel(name)] as [StateChannel, StateChannel]
  onTestFinished(() => {
    one.close()
    other.close()
  })
  const heard = { count: 0 }
  return { one, other, heard, hear: () => other.listen(() => heard.count++) }
}

test('what one page announces each other one hears, and not itself', async () => {
  const { one, heard, hear } = open()
  let own = 0
  one.listen(() => own++)
  hear()
  one.announce()
  one.announce()
  await expect.poll(() => heard.count).toBe(2)
  expect(own).toBe(0)
})

test('one who does not listen announces all the same', async () => {
  const { one, heard, hear } = open()
  hear()
  one.announce()
  await expect.poll(() => heard.count).toBe(1)
})

test('one who has paused hears nothing, and takes for announced what it has missed', async () => {
  const { one, other, heard, hear } = open()
  hear()
  other.pause()
  one.announce()
  other.resume()
  expect(heard.count).toBe(1)
  one.announce()
  await expect.poll(() => heard.count).toBe(2)
})

test('one who is closed hears nothing any more', async () => {
  const { one, other, heard, hear } = open()
  const witness = open()
  hear()
  other.close()
  other.resume()
  one.announce()
  // Messages come in the order in which they were sent.
  witness.hear()
  witness.one.announce()
  await expect.poll(() => witness.heard.count).toBe(1)
  expect(heard.count).toBe(0)
})
