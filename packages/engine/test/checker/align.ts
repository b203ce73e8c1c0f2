/**
 * Finds the instructions of an original body in the metered one. What is left
 * over was inserted: it starts with something that only the metered module has,
 * and leaves the operands as they were.
 */
import type { Instruction, Range } from "./coreModule.ts"
import { noType } from "./coreModule.ts"
import type { Helper } from "./helpers.ts"
import { byCode, Code } from "./opcodes.ts"

/** Numbers of things that the original has; what is not below them was appended. */
export interface Appended {
  readonly locals: number
  readonly globals: number
  readonly functions: number
  readonly helpers: ReadonlyMap<number, Helper>
  /** The type of each function: how many parameters and results. */
  readonly arity: (func: number) => readonly [params: number, results: number]
}

/** A metered body: for each instruction the original one it stands for, or `inserted`. */
export interface Alignment {
  readonly origin: ReadonlyArray<number>
  /** The least pieces of inserted code, each of which leaves the operands as they were. */
  readonly pieces: ReadonlyArray<Range>
}

export const inserted = -1

export interface Bodies {
  readonly original: ReadonlyArray<Instruction>
  readonly originalBytes: Uint8Array
  readonly metered: ReadonlyArray<Instruction>
  readonly meteredBytes: Uint8Array
}

/** Gives the alignment, or what is wrong at which metered instruction. */
export const align = (bodies: Bodies, appended: Appended): Alignment | string => {
  const plain = attempt(bodies, appended, false)
  if (typeof plain !== "string") return plain
  const wrapped = attempt(bodies, appended, true)
  return typeof wrapped === "string" ? plain : wrapped
}

const attempt = (bodies: Bodies, appended: Appended, wrapped: boolean): Alignment | string => {
  const { metered, original } = bodies
  const origin = new Array<number>(metered.length).fill(inserted)
  const pieces: Array<Range> = []
  let from = 0
  let depth = 1
  let wrap = wrapped
  for (let at = 0; at < metered.length;) {
    const here = metered[at]
    if (here === undefined) break
    const helper = here.code === Code.call ? appended.helpers.get(here.a) : undefined
    const next = original[from]
    if (helper?.kind === "operation" && next !== undefined && replaces(helper, next)) {
      origin[at++] = from++
    } else if (helper?.kind === "tableCharge" && next !== undefined && boundingTable(next) === helper.table) {
      pieces.push(here)
      at++
    } else if (touches(here, appended)) {
      const end = runEnd(metered, at, appended)
      if (end === undefined) return `${name(here)} starts code that changes the operands, at ${here.start}`
      pieces.push({ start: here.start, end: metered[end - 1]?.end ?? here.end })
      at = end
    } else if (wrap && here.code === Code.block) {
      wrap = false
      at++
    } else if (next !== undefined && (same(bodies, next, here) || returns(next, here, depth))) {
      origin[at++] = from++
      if (opens(next.code)) depth++
      else if (next.code === Code.end) depth--
    } else if (wrapped && next === undefined && at === metered.length - 1 && here.code === Code.end) {
      at++
    } else {
      return `${name(here)} at ${here.start} instead of ${next === undefined ? "the end" : name(next)}`
    }
  }
  return from === original.length
    ? { origin, pieces }
    : `${original.length - from} instructions of the original are missing`
}

const name = ({ code }: Instruction): string => byCode.get(code)?.name ?? `opcode ${code}`

export const opens = (code: number): boolean =>
  code === Code.block || code === Code.loop || code === Code.if || code === Code.tryTable

const replaces = ({ a, b, code }: Helper & { readonly kind: "operation" }, next: Instruction): boolean =>
  code === next.code && a === next.a && b === next.b

/** The table whose size bounds an operation. */
export const boundingTable = ({ a, b, code }: Instruction): number | undefined =>
  code === Code.tableInit ? b : code === Code.tableCopy || code === Code.tableFill ? a : undefined

const touches = ({ a, code }: Instruction, appended: Appended): boolean => {
  if (code === Code.localGet || code === Code.localSet || code === Code.localTee) return a >= appended.locals
  if (code === Code.globalGet || code === Code.globalSet) return a >= appended.globals
  return code === Code.call && a >= appended.functions
}

const same = ({ meteredBytes, originalBytes }: Bodies, next: Instruction, here: Instruction): boolean => {
  if (next.code !== here.code || next.end - next.start !== here.end - here.start) return false
  for (let i = next.end - next.start - 1; i >= 0; i--) {
    if (originalBytes[next.start + i] !== meteredBytes[here.start + i]) return false
  }
  return true
}

/** A return may become a branch to the end of the body. */
const returns = (next: Instruction, here: Instruction, depth: number): boolean =>
  next.code === Code.return && here.code === Code.br && here.a === depth - 1

/** The end of inserted code: where the operands are what they were. */
const runEnd = (metered: ReadonlyArray<Instruction>, start: number, appended: Appended): number | undefined => {
  let height = 0
  let depth = 0
  for (let at = start; at < metered.length; at++) {
    const here = metered[at]
    if (here === undefined) return undefined
    const { a, code } = here
    const [params, results] = effect(here, appended) ?? [Infinity, 0]
    if (params > height) return undefined
    height += results - params
    if (code === Code.if) {
      if (a !== noType) return undefined
      depth++
    } else if (code === Code.end) depth--
    if (depth < 0) return undefined
    if (height === 0 && depth === 0) return at + 1
  }
  return undefined
}

/** How many operands and results inserted code has; undefined for what may not be inserted. */
const effect = (
  here: Instruction,
  appended: Appended
): readonly [params: number, results: number] | undefined => {
  const { a, code } = here
  switch (code) {
    case Code.localGet:
    case Code.globalGet:
      return touches(here, appended) ? [0, 1] : undefined
    case Code.localSet:
    case Code.globalSet:
      return touches(here, appended) ? [1, 0] : undefined
    case Code.localTee:
      return touches(here, appended) ? [1, 1] : undefined
    case Code.call:
      return touches(here, appended) ? appended.arity(a) : undefined
    case Code.i32Const:
      return [0, 1]
    case Code.if:
      return [1, 0]
    case Code.end:
    case Code.unreachable:
      return [0, 0]
    default: {
      const op = byCode.get(code)
      const numeric = op !== undefined && op.fixed && /^i{1,2}$/.test(op.params) && op.results === "i"
      return numeric && op.immediates === "none" ? [op.params.length, 1] : undefined
    }
  }
}
