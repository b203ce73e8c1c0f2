import * as anchor from "./anchor.ts"
import { isSuspect } from "./refusedPaths.ts"

/**
 * What segments of a kind consist of when they need no closer look: characters
 * that mean nothing but themselves, each where it may stand. It is a part of
 * what the grammar of the kind reads, and the grammar reads it as it is.
 */
export interface Form {
  /** Parts segments; empty where there is one. */
  readonly separator: string
  /** The state after a character: of one and the character in ASCII. */
  readonly states: Uint16Array
  readonly longest: number
  /** Segments are names of files, some of which are refused whatever a manifest says. */
  readonly isFile: boolean
  /** Segments go from the general to the particular backward. */
  readonly isReverse: boolean
}

interface Characters {
  readonly inner: string
  readonly first?: string
  readonly last?: string
  /** A dash that these have to follow does not end a segment. */
  readonly afterDash?: string
}

const begin = 0
const closed = 128
const open = 256
const dashed = 384
const refused = 512

const form = (separator: string, longest: number, characters: Characters, options?: Partial<Form>): Form => {
  const { afterDash, inner, first = inner, last = inner } = characters
  const states = new Uint16Array(refused + 128).fill(refused)
  for (const [state, text] of [[begin, first], [closed, inner], [open, inner], [dashed, afterDash ?? ""]] as const) {
    for (const character of text) {
      const isDashed = character === "-" && afterDash !== undefined
      states[state + character.charCodeAt(0)] = isDashed ? dashed : last.includes(character) ? closed : open
    }
  }
  if (separator !== "") states[closed + separator.charCodeAt(0)] = begin
  return { separator, states, longest, isFile: false, isReverse: false, ...options }
}

const digits = "0123456789"
const lower = "abcdefghijklmnopqrstuvwxyz"
const letters = `${lower}${lower.toUpperCase()}`
const names = `${letters}${digits}_`
const marks = "!\"#$&'()+,-;<=>?@[]^`{|}"

export const variable = form("", 128, { inner: names, first: `${letters}_` })

/** Without spaces, and not beginning with a dot: neither `..` nor what may be read as that. */
export const key = form("/", 255, { inner: `${names}${marks}.:~`, first: `${names}${marks}:~` })

export const file = form(
  "/",
  255,
  { inner: `${names}${marks}.`, first: `${names}${marks}`, last: `${names}${marks}` },
  { isFile: true }
)

const word = { inner: `${lower}${digits}-`, first: lower, afterDash: `${lower}${digits}` }

export const root = form("", 64, word)

export const part = form(":", 64, word)

export const topic = form(".", 64, { inner: `${names}-` })

/** Of two dashes in a row none is the second: no `xn--`. */
export const label = form(
  ".",
  63,
  { inner: `${lower}${digits}_-`, first: `${lower}${digits}_`, afterDash: `${lower}${digits}_` },
  { isReverse: true }
)

/** Without dots and slashes: no path, and no batch file. */
export const program = form("", 255, { inner: `${names}+-`, first: names })

export const argument = form(" ", 4096, { inner: `${names}./:=@%+,~^-` })

/** Whether all segments are as short as they have to be and no file is refused. */
const isPermitted = ({ isFile, longest, separator }: Form, text: string, from: number, to: number): boolean => {
  for (let start = from, end; start <= to; start = end + 1) {
    const found = separator === "" ? -1 : text.indexOf(separator, start)
    end = found === -1 || found > to ? to : found
    if (end - start > longest || isFile && isSuspect(text, start, end)) return false
  }
  return true
}

/** Hashes of no segment, the first, the first two and all of them, as in `anchor`, and how many there are. */
export interface Hashes {
  none: number
  one: number
  two: number
  all: number
  count: number
}

/**
 * Whether a part of a text is one segment or several, all of them in the form.
 * The hashes are made meanwhile, from that of none; they mean nothing where it is
 * not.
 */
export const scan = (form: Form, text: string, from: number, to: number, hashes: Hashes): boolean => {
  const { states } = form
  let state = begin
  let seen = 0
  let hash = anchor.part(hashes.none)
  let count = 0
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    seen |= code
    state = states[state + (code & 127)]!
    if (state === begin) {
      if (++count === 1) hashes.one = hash
      else if (count === 2) hashes.two = hash
      hash = anchor.part(hash)
    } else hash = anchor.mix(hash, code)
  }
  hashes.all = hash
  hashes.count = count + 1
  if (count === 0) hashes.one = hash
  else if (count === 1) hashes.two = hash
  return state === closed && seen < 128 &&
    (!form.isFile && to - from <= form.longest || isPermitted(form, text, from, to))
}

const unused: Hashes = { none: 0, one: 0, two: 0, all: 0, count: 0 }

export const isPlain = (form: Form, text: string, from: number, to: number): boolean =>
  scan(form, text, from, to, unused)
