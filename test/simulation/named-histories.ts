import type { Action, History } from './history.ts'

/** A history in which something did not hold once, named after what must. */
interface NamedHistory {
  name: string
  history: History
}

const HOUR = 3_600_000

const SITE: History['setup'] = {
  consent: 'granted',
  flushAt: 1,
  maxBytes: 16_777_216,
  requestTimeout: 2_000,
  collectors: 1,
  cache: 'none',
  lagging: false,
}

/** Its visitors are asked first. */
const ASKING: History['setup'] = { ...SITE, consent: 'pending' }

const track = (tab = 0, events = 1): Action => ({ do: 'track', tab, events, size: 10 })
const grant = (tab = 0): Action => ({ do: 'consent', tab, decision: 'granted' })
const deny = (tab = 0): Action => ({ do: 'consent', tab, decision: 'denied' })
const hang = (on: boolean): Action => ({ do: 'hang', on })
const leave = (how: 'beforeunload' | 'pagehide', events = 0, tab = 0): Action => ({ do: 'leave', tab, how, events })
const setClock = (by: number): Action => ({ do: 'set clock', by })
const room = (bytes: number | undefined): Action => ({ do: 'room', bytes })
const freeze = (tab: number): Action => ({ do: 'freeze', tab })
const thaw = (tab: number): Action => ({ do: 'thaw', tab })
const open: Action = { do: 'open' }
const forget: Action = { do: 'forget', tab: 0 }
const crash: Action = { do: 'crash', tab: 0 }
const kill: Action = { do: 'kill' }
const offline: Action = { do: 'weather', weather: { offline: true } }
const online: Action = { do: 'weather', weather: {} }

/**
 * What the simulation has found, shortened by hand. With its fault put back each fails under most seeds; where two mends
 * stand in for each other, with both taken out. Their pauses count: what is to be interrupted takes some ms, what another
 * tab tracks within a second of a wish may go with it, and `localStorage` is on the disk after five. Where the forgetting
 * would be carried out by the page that is opened in the end, that page's word on consent excuses what it loses: another
 * is opened before it, or the visitor has granted.
 */
export const namedHistories: readonly NamedHistory[] = [
  {
    name: 'what is tracked after forget() in the same tick is kept',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: track() },
        { after: 0, action: forget },
        { after: 0, action: track() },
      ],
    },
  },
  {
    name: 'forget() writes nothing to the device before the visitor has consented',
    history: {
      seed: 1,
      setup: ASKING,
      steps: [
        { after: 0, action: track() },
        { after: 0, action: forget },
        { after: 0, action: track() },
      ],
    },
  },
  {
    name: 'a forgetting that its page could not finish takes nothing with it of what the next page tracks',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: track() },
        { after: 100, action: forget },
        { after: 0, action: crash },
        { after: 2_000, action: track() },
      ],
    },
  },
  {
    name: 'a forgetting that comes late takes with it what came before the wish, not what came before it was done',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: offline },
        { after: 0, action: track() },
        { after: 100, action: forget },
        { after: 0, action: crash },
        // The next page can't look, and keeps what it tracks in memory; the one after it finds the wish.
        { after: 2_000, action: hang(true) },
        { after: 0, action: track() },
        { after: 10_000, action: hang(false) },
        { after: 0, action: open },
        { after: 40_000, action: online },
      ],
    },
  },
  {
    name: 'a forgetting that the next page can’t finish either takes nothing with it that was called durable meanwhile',
    history: {
      seed: 5,
      setup: SITE,
      steps: [
        { after: 0, action: offline },
        { after: 0, action: track() },
        { after: 100, action: forget },
        { after: 0, action: crash },
        { after: 2_000, action: track() },
        { after: 5, action: leave('beforeunload') },
        { after: 1_000, action: open },
      ],
    },
  },
  {
    name: 'a forgetting is not dated into the future of a clock that was set back',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: offline },
        { after: 0, action: track() },
        { after: 100, action: forget },
        { after: 0, action: crash },
        // The profile that goes back to this copy brings the wish with it.
        { after: 6_000, action: { do: 'back up' } },
        { after: 0, action: open },
        { after: 2_000, action: setClock(-HOUR) },
        { after: 0, action: { do: 'restore' } },
        { after: 0, action: track() },
        { after: 1_000, action: leave('pagehide', 1) },
        { after: 1_000, action: setClock(HOUR) },
        { after: 0, action: open },
      ],
    },
  },
  {
    name: 'a wish to forget gives way to what the visitor wishes later in another tab',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: track() },
        { after: 1_000, action: open },
        { after: 0, action: forget },
        { after: 5, action: grant() },
        { after: 1, action: track() },
        { after: 0, action: forget },
        { after: 0, action: grant(1) },
        { after: 100, action: track() },
      ],
    },
  },
  {
    name: 'a wish that comes to light again after a later one was done is not done again',
    history: {
      seed: 9,
      setup: SITE,
      steps: [
        { after: 0, action: offline },
        { after: 0, action: track() },
        { after: 0, action: grant() },
        // The last of them is done. The more were written over, the likelier it is that one of those comes to light.
        ...Array.from({ length: 9 }, (_, index) => ({ after: index > 0 ? 1 : 100, action: forget })),
        { after: 1_000, action: track() },
        { after: 1_000, action: kill },
        { after: 1_000, action: online },
      ],
    },
  },
  {
    name: 'a wish that was done and comes to light again makes no later grant forget anything',
    history: {
      seed: 3,
      setup: SITE,
      steps: [
        { after: 0, action: offline },
        { after: 0, action: track() },
        { after: 100, action: forget },
        { after: 5_002, action: kill },
        { after: 0, action: track() },
        { after: 1_000, action: grant() },
      ],
    },
  },
  {
    name: 'a denial counts before a grant that another tab could only write down',
    history: {
      seed: 1,
      setup: ASKING,
      steps: [
        { after: 0, action: hang(true) },
        { after: 0, action: track() },
        { after: 100, action: grant() },
        { after: 10, action: open },
        { after: 0, action: deny(1) },
        { after: 20_000, action: track() },
      ],
    },
  },
  {
    name: 'a denial that could not be carried out counts before the grant that the store holds',
    history: {
      seed: 1,
      setup: ASKING,
      steps: [
        { after: 0, action: open },
        { after: 100, action: grant() },
        { after: 1_000, action: crash },
        { after: 0, action: hang(true) },
        { after: 0, action: open },
        { after: 1_000, action: deny() },
        { after: 20_000, action: hang(false) },
        { after: 0, action: track() },
      ],
    },
  },
  {
    name: 'what waits for a decision that can’t be read yet is sent once it can',
    history: {
      seed: 1,
      setup: ASKING,
      steps: [
        { after: 0, action: track() },
        { after: 0, action: grant() },
        { after: 1_000, action: hang(true) },
        { after: 0, action: open },
        { after: 3_000, action: track(1) },
      ],
    },
  },
  {
    name: 'what only localStorage holds when a page is left on a full disk is not called durable',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: open },
        { after: 0, action: open },
        { after: 0, action: open },
        { after: 1_000, action: room(0) },
        { after: 0, action: leave('beforeunload', 1, 0) },
        { after: 0, action: leave('beforeunload', 1, 1) },
        { after: 0, action: leave('beforeunload', 1, 2) },
        { after: 1_000, action: kill },
      ],
    },
  },
  {
    name: 'a page that stood still between cutting a batch and sending it presents nothing that another has halved',
    history: {
      seed: 1,
      setup: { ...SITE, requestTimeout: 30_000 },
      steps: [
        { after: 0, action: { do: 'collectors', count: 1, limits: { batchEvents: 3 }, archive: 'none' } },
        { after: 0, action: open },
        { after: 0, action: open },
        // Twice: the moment is short.
        ...[1, 2].flatMap(() => [
          { after: 1_000, action: track(0, 8) },
          { after: 10, action: freeze(0) },
          { after: 10, action: { do: 'flush' as const, tab: 0 } },
          { after: 130, action: offline },
          { after: 1_000, action: thaw(0) },
          { after: 5_000, action: online },
          { after: 60_000, action: { do: 'flush' as const, tab: 0 } },
        ]),
      ],
    },
  },
  {
    name: 'what is left behind after a forgetting that its page could not finish is not forgotten with what was before',
    history: {
      seed: 2,
      setup: { ...SITE, flushAt: 5 },
      steps: [
        { after: 0, action: track() },
        { after: 100, action: forget },
        { after: 1, action: leave('pagehide', 2) },
        { after: 2_000, action: open },
      ],
    },
  },
  {
    name: 'a denial in a tab that has not heard of the grant is told to those that have',
    history: {
      seed: 561,
      setup: { ...ASKING, flushAt: 5 },
      steps: [
        { after: 500, action: track(0, 3) },
        { after: 0, action: room(3_000) },
        { after: 10, action: track(0, 2) },
        { after: 10, action: grant() },
        { after: 500, action: open },
        { after: 0, action: deny(1) },
        { after: 0, action: track(0, 2) },
      ],
    },
  },
  {
    name: 'a look for consent that was begun before a grant does not take it back',
    history: {
      seed: 706,
      setup: ASKING,
      steps: [
        { after: 0, action: track() },
        { after: 0, action: grant() },
        { after: 0, action: { do: 'hide', tab: 0 } },
        { after: 2_792, action: open },
        { after: 207, action: open },
      ],
    },
  },
  {
    name: 'a denial is on the disk though nothing was stored before it',
    history: {
      seed: 196,
      setup: SITE,
      steps: [
        { after: 0, action: track() },
        { after: 0, action: deny() },
        { after: 40, action: kill },
        { after: 0, action: track() },
        { after: 500, action: track() },
      ],
    },
  },
  {
    name: 'a wish to forget that is made after the clock was set back takes nothing with it that came after it',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: offline },
        { after: 0, action: track() },
        { after: 100, action: grant() },
        { after: 100, action: forget },
        { after: 2_000, action: setClock(-HOUR) },
        { after: 2_000, action: forget },
        { after: 0, action: crash },
        { after: 2_000, action: track() },
        { after: 5, action: leave('beforeunload') },
        { after: 1_000, action: open },
      ],
    },
  },
  {
    name: 'what comes to light again after a clock has jumped forty days is not stamped again',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: open },
        { after: 0, action: open },
        { after: 0, action: open },
        { after: 0, action: open },
        { after: 1_000, action: leave('pagehide', 1, 0) },
        { after: 0, action: leave('pagehide', 1, 1) },
        { after: 0, action: leave('pagehide', 1, 2) },
        { after: 0, action: leave('pagehide', 1, 3) },
        { after: 6_000, action: open },
        { after: 500, action: setClock(40 * 24 * HOUR) },
        { after: 500, action: open },
        { after: 500, action: kill },
        { after: 0, action: open },
      ],
    },
  },
  {
    name: 'what waits in a tab for a forgetting that it can’t carry out goes on when another tab has',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: open },
        { after: 1_000, action: forget },
        { after: 0, action: room(0) },
        { after: 50, action: track() },
        { after: 2_000, action: room(undefined) },
        { after: 0, action: open },
        { after: 1_000, action: open },
      ],
    },
  },
  {
    name: 'a grant after a forgetting that was not finished takes nothing with it that came between',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: offline },
        { after: 0, action: track() },
        { after: 100, action: forget },
        { after: 0, action: crash },
        { after: 2_000, action: track() },
        { after: 6, action: leave('beforeunload') },
        { after: 1_000, action: open },
        { after: 0, action: grant() },
      ],
    },
  },
  {
    name: 'what a page tracks while it carries out a forgetting is left behind when it is left',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: open },
        { after: 0, action: open },
        { after: 0, action: open },
        { after: 1_000, action: track() },
        { after: 1_000, action: forget },
        { after: 0, action: freeze(1) },
        { after: 0, action: freeze(1) },
        { after: 0, action: crash },
        { after: 2_000, action: thaw(0) },
        { after: 0, action: leave('pagehide', 1) },
        { after: 0, action: thaw(0) },
        { after: 0, action: leave('pagehide', 1, 1) },
        { after: 2_000, action: open },
      ],
    },
  },
  {
    name: 'a tab sends nothing more from memory once it has heard of a denial, though its store keeps it waiting',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: open },
        { after: 0, action: open },
        { after: 0, action: open },
        { after: 1_000, action: offline },
        { after: 0, action: hang(true) },
        // It can't open the store, and knows it: its denial is noted at once.
        { after: 0, action: open },
        { after: 4_000, action: room(0) },
        { after: 0, action: track(0) },
        { after: 0, action: track(1) },
        { after: 0, action: track(2) },
        // Theirs opens no more, and they wait for it.
        { after: 50, action: { do: 'close connections' } },
        { after: 0, action: deny(3) },
        { after: 3_000, action: online },
      ],
    },
  },
  {
    name: 'what a page tracks when the disk has just turned out to be full comes after what it tracked before',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: track() },
        { after: 1_000, action: room(0) },
        ...Array.from({ length: 12 }, () => ({ after: 1, action: track() })),
      ],
    },
  },
  {
    name: 'what waits for a store that does not open is not kept in memory once it is to be forgotten',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: hang(true) },
        { after: 20, action: track() },
        { after: 20, action: forget },
        { after: 10_000, action: track() },
      ],
    },
  },
  {
    name: 'a denial takes with it all that came before it, though an earlier forgetting was not finished',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: track() },
        { after: 100, action: open },
        { after: 100, action: offline },
        { after: 100, action: hang(true) },
        { after: 0, action: { do: 'close connections' } },
        { after: 100, action: forget },
        { after: 400, action: track(1) },
        { after: 500, action: deny() },
        { after: 500, action: grant() },
        { after: 500, action: hang(false) },
        { after: 40_000, action: online },
      ],
    },
  },
  {
    name: 'a denial that is interrupted writes nothing where nothing was ever stored',
    history: {
      seed: 1,
      setup: ASKING,
      steps: [
        { after: 0, action: track() },
        { after: 0, action: deny() },
        { after: 0, action: { do: 'hide', tab: 0 } },
        { after: 3_000, action: thaw(0) },
        { after: 1_000, action: track() },
      ],
    },
  },
  {
    name: 'what was to be forgotten by a page that died is forgotten before a later grant counts',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: offline },
        { after: 0, action: track() },
        { after: 100, action: forget },
        { after: 0, action: crash },
        { after: 2_000, action: open },
        { after: 0, action: grant() },
        { after: 1_000, action: online },
      ],
    },
  },
  {
    name: 'what waited for a decision is not stored by a grant that comes after it was to be forgotten',
    history: {
      seed: 1,
      setup: ASKING,
      steps: [
        { after: 0, action: track() },
        { after: 100, action: forget },
        { after: 100, action: grant() },
      ],
    },
  },
  {
    name: 'a device whose clock stands before 1970 loses nothing',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: setClock(-60 * 365 * 24 * HOUR) },
        { after: 1_000, action: track() },
        { after: 100, action: forget },
        { after: 100, action: track() },
        { after: 1_000, action: leave('pagehide', 1) },
        { after: 0, action: open },
      ],
    },
  },
  {
    name: 'a denial that comes to light again after a later grant was done does not join the next forgetting',
    history: {
      seed: 1,
      setup: ASKING,
      steps: [
        { after: 0, action: track() },
        { after: 20, action: grant() },
        { after: 1_000, action: open },
        { after: 0, action: deny() },
        { after: 1, action: grant() },
        { after: 67, action: kill },
        { after: 0, action: track() },
        { after: 10_000, action: forget },
        { after: 1_000, action: track() },
      ],
    },
  },
  {
    name: 'a reset in memory ends the span that another tab has open in the store',
    history: {
      seed: 1,
      setup: SITE,
      steps: [
        { after: 0, action: track() },
        { after: 100, action: open },
        { after: 100, action: { do: 'span', tab: 1, name: 'Checkout', call: 'start' } },
        { after: 1_000, action: room(0) },
        { after: 0, action: { do: 'reset', tab: 0 } },
        { after: 100, action: track() },
        { after: 100, action: room(undefined) },
      ],
    },
  },
  {
    name: 'what memory has kept since forget() stays when the store can forget at last',
    history: {
      seed: 1,
      setup: { ...SITE, maxBytes: 20_000 },
      steps: [
        { after: 0, action: hang(true) },
        { after: 0, action: track() },
        { after: 2_000, action: forget },
        { after: 0, action: track() },
        { after: 1_138, action: track(0, 2) },
        { after: 200, action: { do: 'track', tab: 0, events: 7, size: 15_000 } },
        { after: 1_085, action: { do: 'track', tab: 0, events: 6, size: 15_000 } },
        { after: 14, action: forget },
        { after: 4, action: hang(false) },
        { after: 18, action: { do: 'track', tab: 0, events: 4, size: 15_000 } },
        { after: 0, action: offline },
        { after: 7, action: track(0, 7) },
        { after: 0, action: { do: 'flush', tab: 0 } },
        { after: 93, action: freeze(0) },
        { after: 0, action: open },
        { after: 0, action: track(0, 4) },
        { after: 178, action: thaw(0) },
      ],
    },
  },
  {
    name: 'what the store is adopting is not cut in memory, though its page is thawed meanwhile',
    history: {
      seed: 1,
      setup: { ...SITE, flushAt: 30, maxBytes: 20_000 },
      steps: [
        { after: 0, action: room(30_000) },
        { after: 0, action: { do: 'track', tab: 0, events: 7, size: 3_000 } },
        { after: 0, action: track() },
        { after: 16, action: { do: 'span', tab: 0, name: 'Checkout', call: 'start' } },
        { after: 0, action: track(0, 2) },
        { after: 0, action: { do: 'flush', tab: 0 } },
        { after: 0, action: freeze(0) },
        { after: 0, action: open },
        { after: 0, action: track(0, 2) },
        { after: 0, action: { do: 'flush', tab: 0 } },
        { after: 4, action: track(0, 2) },
        { after: 12, action: thaw(0) },
        { after: 0, action: { do: 'track', tab: 0, events: 1, size: 15_000 } },
        { after: 5, action: { do: 'flush', tab: 1 } },
        { after: 1, action: { do: 'hide', tab: 0 } },
        { after: 8, action: room(undefined) },
      ],
    },
  },
  {
    name: 'what other tabs keep in memory goes with a forget() by a tab that has not read of the consent yet',
    history: {
      seed: 1,
      setup: ASKING,
      steps: [
        { after: 0, action: track() },
        { after: 0, action: room(30_000) },
        { after: 0, action: { do: 'sink', sink: 0, fault: 'lags', on: true } },
        { after: 2_000, action: grant() },
        { after: 0, action: { do: 'track', tab: 0, events: 2, size: 15_000 } },
        { after: 2_000, action: { do: 'identify', tab: 0 } },
        { after: 0, action: track() },
        { after: 25, action: open },
        { after: 0, action: { do: 'forget', tab: 1 } },
      ],
    },
  },
  {
    name: 'a batch that one destination has already gets through though limits were lowered meanwhile',
    history: {
      seed: 1,
      setup: { ...SITE, flushAt: 5 },
      steps: [
        { after: 0, action: { do: 'sink', sink: 1, fault: 'fails', on: true } },
        { after: 0, action: track(0, 5) },
        { after: 200, action: { do: 'collectors', count: 1, limits: { batchEvents: 3 }, archive: 'none' } },
      ],
    },
  },
]
