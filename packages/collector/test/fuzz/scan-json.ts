/** What a JSON text says of itself, as far as a collector has to know. */
export interface Scanned {
  /** By name; of a name that stands twice, the last. */
  members: Map<string, Scalar | Nested>
  /** Whether any object has a name twice. */
  repeats: boolean
  /** Whether any object has a member called `__proto__`. */
  prototype: boolean
  depth: number
}

/** `bytes`: the length of its text. */
type Nested = { kind: 'object' | 'array'; bytes: number }
type Scalar = { kind: 'scalar'; value: string | number | boolean | null }

const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259, section 7, names them.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const WORD = /true|false|null/y
const SPACE = /[ \t\n\r]*/y

interface Open {
  kind: 'object' | 'array'
  names: Set<string>
  from: number
  /** Of the member that is being read, where this is the outermost object. */
  name: string
}

/**
 * The grammar of RFC 8259 with a stack of its own, next to nothing of `JSON.parse`: what a collector is held against
 * must not be what it uses.
 *
 * @returns nothing for what is not JSON, or not an object
 */
export function scanJson(text: string, byteLength: (text: string) => number): Scanned | undefined {
  const scanned: Scanned = { members: new Map(), repeats: false, prototype: false, depth: 0 }
  const stack: Open[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  const skip = () => take(SPACE)
  const eat = (character: string) => {
    skip()
    if (text[at] !== character) return false
    at++
    return true
  }
  const readName = (open: Open): boolean => {
    skip()
    const quoted = take(STRING)
    if (quoted === undefined || !eat(':')) return false
    const name = readText(quoted)
    if (open.names.has(name)) scanned.repeats = true
    if (name === '__proto__') scanned.prototype = true
    open.names.add(name)
    open.name = name
    return true
  }
  const finish = (value: Scalar | Nested) => {
    const open = stack.at(-1)
    if (stack.length === 1 && open) scanned.members.set(open.name, value)
  }

  value: for (;;) {
    skip()
    const character = text[at]
    if (character === '{' || character === '[') {
      const open: Open = { kind: character === '{' ? 'object' : 'array', names: new Set(), from: at, name: '' }
      if (stack.length === 0 && character === '[') return
      at++
      stack.push(open)
      scanned.depth = Math.max(scanned.depth, stack.length)
      skip()
      const empty = text[at] === (character === '{' ? '}' : ']')
      if (!empty && character === '{' && !readName(open)) return
      if (!empty) continue
    } else {
      if (stack.length === 0) return
      const quoted = take(STRING)
      const number = quoted === undefined ? take(NUMBER) : undefined
      const word = quoted === undefined && number === undefined ? take(WORD) : undefined
      if (quoted !== undefined) finish({ kind: 'scalar', value: readText(quoted) })
      else if (number !== undefined) finish({ kind: 'scalar', value: Number(number) })
      else if (word !== undefined) finish({ kind: 'scalar', value: word === 'null' ? null : word === 'true' })
      else return
    }
    for (;;) {
      const open = stack.at(-1)
      if (!open) {
        skip()
        return at === text.length ? scanned : undefined
      }
      if (eat(open.kind === 'object' ? '}' : ']')) {
        stack.pop()
        finish({ kind: open.kind, bytes: stack.length === 1 ? byteLength(text.slice(open.from, at)) : 0 })
        continue
      }
      if (!eat(',')) return
      if (open.kind === 'object' && !readName(open)) return
      continue value
    }
  }
}

const readText = (quoted: string): string =>
  !quoted.includes('\\') ? quoted.slice(1, -1) : readEscapes(quoted.slice(1, -1))

const readEscapes = (text: string): string =>
  text.replace(/\\(?:u(....)|(.))/g, (_, hex: string | undefined, letter: string) =>
    hex === undefined ? (ESCAPES[letter] ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  )
