/** What is known of a function's accounts at a place of its code. */

/** A place of fuel or of the stack: the fuel that is left, the level at entry less some bytes, or neither. */
export const fresh = Infinity
export const unknown = Number.NaN

export interface State {
  credit: number
  unchecked: number
  tail: number
  /** Whether the fuel that is left is in the global. */
  global: boolean
  stack: number
  /** Bytes of stack that are known to be left at entry. */
  room: number
  locals: Array<number>
  /** An exception was caught, and what it unwound is not paid for. */
  owes: boolean
}

export const equal = (a: State | undefined, b: State | undefined): boolean => {
  if (a === undefined || b === undefined) return a === b
  return a.credit === b.credit && a.unchecked === b.unchecked && a.tail === b.tail && a.global === b.global &&
    Object.is(a.stack, b.stack) && a.room === b.room && a.owes === b.owes &&
    a.locals.every((value, index) => Object.is(value, b.locals[index]))
}

export const copy = (state: State): State => ({ ...state, locals: [...state.locals] })

const either = (a: number, b: number): number => Object.is(a, b) ? a : unknown

export const join = (a: State | undefined, b: State | undefined): State | undefined => {
  if (a === undefined || b === undefined) return a === undefined ? b && copy(b) : copy(a)
  return {
    credit: Math.min(a.credit, b.credit),
    unchecked: Math.max(a.unchecked, b.unchecked),
    tail: Math.max(a.tail, b.tail),
    global: a.global && b.global,
    stack: either(a.stack, b.stack),
    room: Math.min(a.room, b.room),
    owes: a.owes || b.owes,
    locals: a.locals.map((value, index) => either(value, b.locals[index] ?? unknown))
  }
}
