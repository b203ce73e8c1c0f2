/**
 * Every opcode this engine takes: what follows it, and what it does to the
 * height of the operand stack. Names and hints for the ones it refuses.
 */

/** What follows an opcode, and how the code after it is reached. */
export const Kind = {
  unknown: 0,
  plain: 1,
  /** One number. */
  index: 2,
  memory: 3,
  bytes4: 4,
  bytes8: 5,
  heapType: 6,
  selectTypes: 7,
  block: 8,
  loop: 9,
  if: 10,
  else: 11,
  end: 12,
  br: 13,
  /** Takes a branch or goes on. */
  brIf: 14,
  brTable: 15,
  return: 16,
  unreachable: 17,
  call: 18,
  callIndirect: 19,
  callRef: 20,
  returnCall: 21,
  returnCallIndirect: 22,
  returnCallRef: 23,
  throw: 24,
  throwRef: 25,
  tryTable: 26,
  memoryGrow: 27,
  prefixFc: 28,
  prefixFd: 29,
  refused: 30
} as const

/** The kind of each opcode of one byte. */
export const kinds = new Uint8Array(256)

/** What an opcode of one byte adds to the height; 0 where a type decides. */
export const deltas = new Int8Array(256)

const define = (kind: number, delta: number, from: number, to = from): void => {
  kinds.fill(kind, from, to + 1)
  deltas.fill(delta, from, to + 1)
}

define(Kind.unreachable, 0, 0x00)
define(Kind.plain, 0, 0x01)
define(Kind.block, 0, 0x02)
define(Kind.loop, 0, 0x03)
define(Kind.if, -1, 0x04)
define(Kind.else, 0, 0x05)
define(Kind.throw, 0, 0x08)
define(Kind.throwRef, 0, 0x0a)
define(Kind.end, 0, 0x0b)
define(Kind.br, 0, 0x0c)
define(Kind.brIf, -1, 0x0d)
define(Kind.brTable, -1, 0x0e)
define(Kind.return, 0, 0x0f)
define(Kind.call, 0, 0x10)
define(Kind.callIndirect, -1, 0x11)
define(Kind.returnCall, 0, 0x12)
define(Kind.returnCallIndirect, -1, 0x13)
define(Kind.callRef, -1, 0x14)
define(Kind.returnCallRef, -1, 0x15)
define(Kind.plain, -1, 0x1a)
define(Kind.plain, -2, 0x1b)
define(Kind.selectTypes, -2, 0x1c)
define(Kind.tryTable, 0, 0x1f)
define(Kind.index, 1, 0x20)
define(Kind.index, -1, 0x21)
define(Kind.index, 0, 0x22)
define(Kind.index, 1, 0x23)
define(Kind.index, -1, 0x24)
define(Kind.index, 0, 0x25)
define(Kind.index, -2, 0x26)
define(Kind.memory, 0, 0x28, 0x35)
define(Kind.memory, -2, 0x36, 0x3e)
define(Kind.index, 1, 0x3f)
define(Kind.memoryGrow, 0, 0x40)
define(Kind.index, 1, 0x41, 0x42)
define(Kind.bytes4, 1, 0x43)
define(Kind.bytes8, 1, 0x44)
define(Kind.plain, -1, 0x46, 0xa6)
define(Kind.plain, 0, 0x45)
define(Kind.plain, 0, 0x50)
define(Kind.plain, 0, 0x67, 0x69)
define(Kind.plain, 0, 0x79, 0x7b)
define(Kind.plain, 0, 0x8b, 0x91)
define(Kind.plain, 0, 0x99, 0x9f)
define(Kind.plain, 0, 0xa7, 0xc4)
define(Kind.heapType, 1, 0xd0)
define(Kind.plain, 0, 0xd1)
define(Kind.index, 1, 0xd2)
define(Kind.plain, 0, 0xd4)
define(Kind.brIf, 0, 0xd5)
define(Kind.brIf, -1, 0xd6)
define(Kind.prefixFc, 0, 0xfc)
define(Kind.prefixFd, 0, 0xfd)

export interface Refusal {
  readonly feature: string
  readonly hint: string
}

const legacyExceptions: Refusal = {
  feature: "legacy exceptions",
  hint: "compile for exceptions with exnref (try_table)"
}
const stackSwitching: Refusal = { feature: "stack switching", hint: "compile without it" }
const gc: Refusal = { feature: "gc", hint: "compile for linear memory" }

const refusals: Map<number, Refusal> = new Map([
  [0x06, legacyExceptions],
  [0x07, legacyExceptions],
  [0x09, legacyExceptions],
  [0x18, legacyExceptions],
  [0x19, legacyExceptions],
  [0xd3, gc],
  [0xe0, stackSwitching],
  [0xe1, stackSwitching],
  [0xe2, stackSwitching],
  [0xe3, stackSwitching],
  [0xe4, stackSwitching],
  [0xe5, stackSwitching],
  [0xe6, stackSwitching],
  [0xfb, gc],
  [0xfe, { feature: "threads and atomics", hint: "compile for a single thread" }]
])

for (const opcode of refusals.keys()) define(Kind.refused, 0, opcode)

/** Why an opcode is refused by name; undefined for opcodes that nobody knows. */
export const refusal = (opcode: number): Refusal | undefined => refusals.get(opcode)

/** Opcodes after 0xfc. */
export const Fc = {
  memoryInit: 8,
  dataDrop: 9,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  elemDrop: 13,
  tableCopy: 14,
  tableGrow: 15,
  tableSize: 16,
  tableFill: 17
} as const

/** How many numbers follow an opcode after 0xfc, of those up to `tableFill`. */
export const fcIndices: ReadonlyArray<number> = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1]
export const fcDeltas: ReadonlyArray<number> = [0, 0, 0, 0, 0, 0, 0, 0, -3, 0, -3, -3, -3, 0, -3, -1, 1, -3]

export const fcRefusal = (code: number): Refusal | undefined =>
  code >= 19 && code <= 22
    ? { feature: "wide arithmetic", hint: "compile without it" }
    : code === 18
    ? { feature: "memory.discard", hint: "compile without it" }
    : undefined

/** What follows an opcode after 0xfd. */
export const FdKind = { unknown: 0, plain: 1, memory: 2, bytes16: 3, lane: 4, memoryLane: 5, relaxed: 6 } as const

const fdSize = 0x114
export const fdKinds = new Uint8Array(fdSize)
export const fdDeltas = new Int8Array(fdSize)

const defineFd = (kind: number, delta: number, from: number, to = from): void => {
  fdKinds.fill(kind, from, to + 1)
  fdDeltas.fill(delta, from, to + 1)
}

const unary = (...codes: ReadonlyArray<number>): void => {
  for (const code of codes) defineFd(FdKind.plain, 0, code)
}

const unused = (...codes: ReadonlyArray<number>): void => {
  for (const code of codes) defineFd(FdKind.unknown, 0, code)
}

defineFd(FdKind.memory, 0, 0x00, 0x0a)
defineFd(FdKind.memory, -2, 0x0b)
defineFd(FdKind.bytes16, 1, 0x0c)
defineFd(FdKind.bytes16, -1, 0x0d)
defineFd(FdKind.plain, -1, 0x0e)
defineFd(FdKind.plain, 0, 0x0f, 0x14)
defineFd(FdKind.lane, 0, 0x15, 0x16)
defineFd(FdKind.lane, -1, 0x17)
defineFd(FdKind.lane, 0, 0x18, 0x19)
defineFd(FdKind.lane, -1, 0x1a)
defineFd(FdKind.lane, 0, 0x1b)
defineFd(FdKind.lane, -1, 0x1c)
defineFd(FdKind.lane, 0, 0x1d)
defineFd(FdKind.lane, -1, 0x1e)
defineFd(FdKind.lane, 0, 0x1f)
defineFd(FdKind.lane, -1, 0x20)
defineFd(FdKind.lane, 0, 0x21)
defineFd(FdKind.lane, -1, 0x22)
defineFd(FdKind.plain, -1, 0x23, 0x4c)
defineFd(FdKind.plain, 0, 0x4d)
defineFd(FdKind.plain, -1, 0x4e, 0x51)
defineFd(FdKind.plain, -2, 0x52)
defineFd(FdKind.plain, 0, 0x53)
defineFd(FdKind.memoryLane, -1, 0x54, 0x57)
defineFd(FdKind.memoryLane, -2, 0x58, 0x5b)
defineFd(FdKind.memory, 0, 0x5c, 0x5d)
defineFd(FdKind.plain, -1, 0x5e, 0xff)
unary(0x5e, 0x5f, 0x60, 0x61, 0x62, 0x63, 0x64, 0x67, 0x68, 0x69, 0x6a, 0x74, 0x75, 0x7a, 0x7c, 0x7d, 0x7e, 0x7f)
unary(0x80, 0x81, 0x83, 0x84, 0x87, 0x88, 0x89, 0x8a, 0x94, 0xa0, 0xa1, 0xa3, 0xa4, 0xa7, 0xa8, 0xa9, 0xaa)
unary(0xc0, 0xc1, 0xc3, 0xc4, 0xc7, 0xc8, 0xc9, 0xca, 0xe0, 0xe1, 0xe3, 0xec, 0xed, 0xef, 0xf8, 0xf9, 0xfa, 0xfb)
unary(0xfc, 0xfd, 0xfe, 0xff)
unused(0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4)
unused(0xe2, 0xee)
defineFd(FdKind.relaxed, -1, 0x100)
defineFd(FdKind.relaxed, 0, 0x101, 0x104)
defineFd(FdKind.relaxed, -2, 0x105, 0x10c)
defineFd(FdKind.relaxed, -1, 0x10d, 0x112)
defineFd(FdKind.relaxed, -2, 0x113)
