/**
 * The element that the page has under this id.
 *
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function element(id, kind) {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} with the id '${id}'`)
  return found
}

/**
 * Shows a text; leaves the document alone where it shows already, so that nothing flickers and selections stay.
 *
 * @param {string} id
 * @param {string} text
 */
export function show(id, text) {
  const target = element(id, HTMLElement)
  if (target.textContent !== text) target.textContent = text
}
