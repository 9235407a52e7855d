import { element } from './element.js'
import { clock } from './words.js'

const ENTRIES = 60

/**
 * Puts a line on top of the log.
 *
 * @param {'call' | 'stored' | 'recorded' | 'rejected' | 'dropped' | 'error' | 'back'} kind
 * @param {string} text
 */
export function log(kind, text) {
  const list = element('log', HTMLOListElement)
  const entry = document.createElement('li')
  entry.dataset.kind = kind
  entry.append(part('time', clock(new Date())), part('b', kind), part('span', text))
  list.prepend(entry)
  while (list.childElementCount > ENTRIES) list.lastElementChild?.remove()
  element('log-empty', HTMLElement).hidden = true
}

/** @param {string} name @param {string} text */
function part(name, text) {
  const made = document.createElement(name)
  made.textContent = text
  return made
}
