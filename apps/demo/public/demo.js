/** @import { TrackResult, Waybill, WaybillEvents } from '@waybill/browser' */
import { element, show } from './element.js'
import { log } from './event-log.js'
import { keepFresh } from './keep-fresh.js'
import { runningWaybill } from './running-waybill.js'
import { showStats } from './show-stats.js'
import { clock, count, number, outcome } from './words.js'

/** Where the seq that was shown outlives the page, from `leave` to `welcomeBack`. */
const LEFT_AT = 'waybill-demo-left-at'

let refresh = () => {}

listen()
const running = await runningWaybill()
if (running) start(running)
else show('summary', 'The SDK did not load from /v1/waybill.js. Build it with pnpm build, or allow it in your blocker.')

/** Logs what the SDK says, from its first moment on. */
function listen() {
  on('stored', ({ events }) => tell('stored', `${count(events, 'event')} in one transaction`))
  on('recorded', ({ batchId, recorded }) => tell('recorded', `${count(recorded, 'event')} as ${batchId}`))
  on('rejected', ({ seq, code, detail }) => tell('rejected', `seq ${seq}: ${code}. ${detail}`))
  on('dropped', ({ reason }) => tell('dropped', reason))
  on('error', ({ code, detail }) => tell('error', `${code}: ${detail}`))
}

/**
 * `waybill.on`, which works before the script has loaded, too.
 *
 * @template {keyof WaybillEvents} Name
 * @param {Name} name
 * @param {(payload: WaybillEvents[Name]) => void} listener
 */
function on(name, listener) {
  window.waybill ??= []
  window.waybill.push(['on', name, listener])
}

/** @param {Parameters<typeof log>} entry */
function tell(...entry) {
  log(...entry)
  refresh()
}

/** @param {Waybill} waybill */
function start(waybill) {
  refresh = keepFresh(async () => showStats(await waybill.stats()))
  element('controls', HTMLFieldSetElement).disabled = false
  obeyTracking(waybill)
  obeyState(waybill)
  obeyLeaving(waybill)
}

/** @param {Waybill} waybill */
function obeyTracking(waybill) {
  onClick('track', () =>
    report("track('Button Clicked')", waybill.track('Button Clicked', { button: 'Track a click' })),
  )
  onClick('burst', () => burst(waybill))
  onClick('page', () => report("page('Demo')", waybill.page('Demo')))
  onClick('refused', () => report("track('Balance Read')", waybill.track('Balance Read', { balance: 1n })))

  const text = element('text', HTMLInputElement)
  text.addEventListener('change', () => {
    const properties = { text: text.value, length: text.value.length }
    report("track('Text Entered')", waybill.track('Text Entered', properties))
  })
  onSubmit('text-form', () => {})

  onClick('flush', async () => {
    show('flush-answer', 'flushing…')
    const answer = JSON.stringify(await waybill.flush())
    show('flush-answer', `${clock(new Date())} ${answer}`)
    refresh()
  })
}

/** @param {Waybill} waybill */
function obeyState(waybill) {
  const user = element('user', HTMLInputElement)
  const property = element('property', HTMLInputElement)
  const value = element('value', HTMLInputElement)
  onSubmit('identify-form', () => report(`identify('${user.value}')`, waybill.identify(user.value)))
  onSubmit('register-form', () =>
    report(`register('${property.value}')`, waybill.register({ [property.value]: value.value })),
  )
  onClick('unregister', () => report(`unregister('${property.value}')`, waybill.unregister(property.value)))
  onClick('reset', () => report('reset()', waybill.reset()))
}

/** @param {Waybill} waybill */
function obeyLeaving(waybill) {
  onClick('leave', () => {
    sessionStorage.setItem(LEFT_AT, element('seq', HTMLElement).textContent ?? '')
    waybill.track('Left At Once')
    location.href = 'away.html'
  })

  /** Also when the page returns from the back/forward cache. */
  const welcomeBack = async () => {
    const leftAt = sessionStorage.getItem(LEFT_AT)
    if (leftAt === null) return
    sessionStorage.removeItem(LEFT_AT)
    const { seq } = await waybill.stats()
    tell('back', `seq was ${leftAt} when you left; it is ${number(seq)} now`)
  }
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) welcomeBack()
  })
  welcomeBack()
}

/** @param {Waybill} waybill */
async function burst(waybill) {
  const calls = Array.from({ length: 100 }, (_, index) => waybill.track('Burst', { index }))
  const outcomes = (await Promise.all(calls)).map(outcome)
  tell('call', `100 × track('Burst') → ${outcomes.at(0)} … ${outcomes.at(-1)}`)
}

/**
 * Logs a call with what its promise resolved to.
 *
 * @param {string} call
 * @param {Promise<TrackResult>} result
 */
async function report(call, result) {
  tell('call', `${call} → ${outcome(await result)}`)
}

/** @param {string} id @param {() => void} action */
function onClick(id, action) {
  element(id, HTMLButtonElement).addEventListener('click', action)
}

/** @param {string} id @param {() => void} action */
function onSubmit(id, action) {
  element(id, HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    action()
  })
}
