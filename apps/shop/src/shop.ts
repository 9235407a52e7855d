import { createWaybill, pageView, touch } from '@waybill/browser'
import { funnel } from './funnel.ts'

/* The script of every page of the shop. */

type Events = {
  'Product Added': { product: string; price: number }
  Checkout: { step: string; worth: number }
}

const accumulators = [touch(), pageView(), funnel] as const
const { endpoint = '', key = '' } = document.documentElement.dataset
const waybill = createWaybill<Events, typeof accumulators>({
  endpoint,
  writeKey: key,
  accumulators,
  sessionEnded: true,
})
Object.assign(window, { waybill })
waybill.page(document.title)

const WORTH = 'shop:worth'
const worth = () => Number(localStorage.getItem(WORTH))

for (const button of document.querySelectorAll<HTMLElement>('[data-product]')) {
  button.addEventListener('click', () => {
    const { product = '', price } = button.dataset
    waybill.track('Product Added', { product, price: Number(price) })
    localStorage.setItem(WORTH, String(worth() + Number(price)))
    location.href = 'cart.html'
  })
}

if (document.title === 'Checkout') {
  const checkout = waybill.start('Checkout', { step: 'address', worth: worth() })
  document.querySelector('#payment')?.addEventListener('click', () => checkout.set({ step: 'payment' }))
  document.querySelector('#pay')?.addEventListener('click', () => {
    checkout.end({ step: 'paid' })
    localStorage.removeItem(WORTH)
    location.href = 'thanks.html'
  })
}
