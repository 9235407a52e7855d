import { defineAccumulator } from '@waybill/browser'

/** Pages in the order that leads to an order. */
const STEPS = ['Product', 'Cart', 'Checkout', 'Thanks']

/** How many of these pages a session has come through, in this order: rides on each of its events as `state.funnel`. */
export const funnel = defineAccumulator({
  name: 'funnel',
  scope: 'session',
  initial: { step: 0 },
  fold: (value, { type, name }) => (type === 'page' && name === STEPS[value.step] ? { step: value.step + 1 } : value),
})
