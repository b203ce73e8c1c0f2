/**
 * Reads the code of a module before anybody has validated it.
 *
 * Only the shape of instructions is checked, as far as it takes to tell where
 * each begins; every number is bounded by the end of its body.
 */
import type { AdmissionLimits } from "../../Admission.ts"
import { DecodeError } from "../../DecodeError.ts"
import type { CoreSpaces } from "../coreModuleType.ts"
import type { Reader } from "../reader.ts"
import { fcIndices, fcRefusal, FdKind, fdKinds, Kind, kinds, refusal } from "./opcodes.ts"
import type { Refusal } from "./opcodes.ts"
import { readValueType } from "./types.ts"

/** Branches that the meter puts at the entry of a function. */
const branchesOfEntry = 1

type Counted = Pick<
  AdmissionLimits,
  "body" | "locals" | "nesting" | "localBranches" | "moduleLocalBranches" | "values" | "moduleValues"
>

export class BodyAdmission {
  relaxedSimd = false
  readonly #spaces: CoreSpaces
  readonly #limits: AdmissionLimits
  readonly #refuseRelaxedSimd: boolean
  #bytes: Uint8Array
  #reader: Reader | undefined
  #at = 0
  #depth = 0
  #deepest = 0
  #branches = 0
  #values = 0
  #count = { body: 0, locals: 0, nesting: 0, localBranches: 0, moduleLocalBranches: 0, values: 0, moduleValues: 0 }

  constructor(spaces: CoreSpaces, limits: AdmissionLimits, refuseRelaxedSimd: boolean) {
    this.#spaces = spaces
    this.#limits = limits
    this.#refuseRelaxedSimd = refuseRelaxedSimd
    this.#bytes = new Uint8Array()
  }

  /** The largest of each so far, and the sums over the module. */
  counts(): Counted {
    return { ...this.#count }
  }

  /** Reads the body of the function of an index, to its end. */
  admit(reader: Reader, index: number): void {
    const start = reader.offset
    this.#reader = reader
    this.#bytes = reader.bytes
    const locals = this.#locals(reader, index)
    this.#at = reader.offset
    this.#depth = 1
    this.#deepest = 1
    this.#branches = branchesOfEntry
    this.#values = locals
    this.#walk(reader.end)
    if (this.#at !== reader.end) this.#malformed("a body that does not end where it says")
    reader.offset = start
    const count = this.#count
    const weight = locals * this.#branches
    count.body = Math.max(count.body, reader.end - start)
    count.locals = Math.max(count.locals, locals)
    count.nesting = Math.max(count.nesting, this.#deepest)
    count.localBranches = Math.max(count.localBranches, weight)
    count.values = Math.max(count.values, this.#values)
    count.moduleLocalBranches += weight
    count.moduleValues += this.#values
    const { localBranches, moduleLocalBranches, moduleValues, values } = this.#limits
    this.#atMost("locals times branches in a function", weight, localBranches)
    this.#atMost("locals times branches in a module", count.moduleLocalBranches, moduleLocalBranches)
    this.#atMost("operands and results in a function", this.#values, values)
    this.#atMost("operands and results in a module", count.moduleValues, moduleValues)
  }

  #locals(reader: Reader, index: number): number {
    const params = this.#spaces.func[index]?.type.params.length ?? 0
    const groups = reader.count("groups of locals", 2)
    let locals = params
    for (let i = 0; i < groups; i++) {
      locals += reader.u32()
      this.#atMost("locals and parameters", locals, this.#limits.locals)
      readValueType(reader, this.#spaces.types)
    }
    return locals
  }

  #walk(end: number): void {
    const bytes = this.#bytes
    let at = this.#at
    while (this.#depth > 0) {
      if (at >= end) this.#malformed("unexpected end")
      const opcode = bytes[at++] ?? 0
      switch (kinds[opcode]) {
        case Kind.plain:
          break
        case Kind.index:
          while ((bytes[at++] ?? 0) >= 0x80);
          break
        case Kind.memory: {
          const flags = bytes[at] ?? 0
          while ((bytes[at++] ?? 0) >= 0x80);
          if ((flags & 0x40) !== 0) { while ((bytes[at++] ?? 0) >= 0x80); }
          while ((bytes[at++] ?? 0) >= 0x80);
          break
        }
        default:
          this.#at = at
          this.#special(opcode, end)
          at = this.#at
      }
    }
    this.#at = at
  }

  #special(opcode: number, end: number): void {
    switch (kinds[opcode]) {
      case Kind.bytes4:
        this.#at += 4
        return
      case Kind.bytes8:
        this.#at += 8
        return
      case Kind.loop:
      case Kind.if:
        // The meter puts a branch at the top of each loop.
        this.#branches++
        return this.#block()
      case Kind.block:
        return this.#block()
      case Kind.else:
        this.#branches++
        return
      case Kind.end:
        this.#depth--
        return
      case Kind.br:
      case Kind.brIf:
        this.#branches++
        return this.#skip()
      case Kind.brTable:
        return this.#brTable(end)
      case Kind.return:
      case Kind.throwRef:
        this.#branches++
        return
      case Kind.unreachable:
        return
      case Kind.throw:
        this.#branches++
        return this.#skip()
      case Kind.tryTable:
        return this.#tryTable(end)
      case Kind.prefixFc:
        return this.#prefixFc()
      case Kind.prefixFd:
        return this.#prefixFd()
      case Kind.memoryGrow:
      case Kind.heapType:
        return this.#skip()
      case Kind.selectTypes:
        for (let left = this.#announced(end); left > 0; left--) this.#valueType()
        return
      default:
        return this.#call(opcode)
    }
  }

  #block(): void {
    this.#deepest = Math.max(this.#deepest, ++this.#depth)
    if (this.#depth > this.#limits.nesting) this.#atMost("blocks inside each other", this.#depth, this.#limits.nesting)
    const byte = this.#bytes[this.#at] ?? 0
    if (byte === 0x40) this.#at++
    else if (byte >= 0x63 && byte < 0x80) this.#valueType()
    else this.#arity(this.#spaces.types[this.#u32()])
  }

  #brTable(end: number): void {
    const targets = this.#announced(end) + 1
    this.#branches += targets
    for (let left = targets; left > 0; left--) this.#skip()
  }

  #tryTable(end: number): void {
    this.#block()
    for (let left = this.#announced(end); left > 0; left--) {
      const kind = this.#bytes[this.#at++] ?? 0
      if (kind > 3) this.#malformed(`unknown kind of catch ${kind}`)
      if (kind < 2) this.#skip()
      this.#skip()
      this.#branches++
    }
  }

  #call(opcode: number): void {
    const start = this.#at - 1
    switch (kinds[opcode]) {
      case Kind.call:
      case Kind.returnCall:
        return this.#arity(this.#spaces.func[this.#u32()]?.type)
      case Kind.callIndirect:
      case Kind.returnCallIndirect:
        this.#arity(this.#spaces.types[this.#u32()])
        return this.#skip()
      case Kind.callRef:
      case Kind.returnCallRef:
        return this.#arity(this.#spaces.types[this.#u32()])
      default:
        return this.#refuse(refusal(opcode), `unknown opcode ${hex(opcode)}`, start)
    }
  }

  #arity(type: { readonly params: ReadonlyArray<string>; readonly results: ReadonlyArray<string> } | undefined): void {
    if (type !== undefined) this.#values += type.params.length + type.results.length
  }

  #prefixFc(): void {
    const start = this.#at - 1
    const code = this.#u32()
    const indices = fcIndices[code]
    if (indices === undefined) return this.#refuse(fcRefusal(code), `unknown opcode 0xfc ${hex(code)}`, start)
    for (let left = indices; left > 0; left--) this.#skip()
  }

  #prefixFd(): void {
    const start = this.#at - 1
    const code = this.#u32()
    switch (fdKinds[code]) {
      case FdKind.plain:
        return
      case FdKind.relaxed:
        this.relaxedSimd = true
        if (this.#refuseRelaxedSimd) this.#refuse(relaxedSimd, "", start)
        return
      case FdKind.memory:
        return this.#memory()
      case FdKind.memoryLane:
        this.#memory()
        this.#at++
        return
      case FdKind.lane:
        this.#at++
        return
      case FdKind.bytes16:
        this.#at += 16
        return
      default:
        return this.#refuse(undefined, `unknown opcode 0xfd ${hex(code)}`, start)
    }
  }

  /** The length of a vector, which is in the body. */
  #announced(end: number): number {
    const count = this.#u32()
    return count > end - this.#at ? this.#malformed(`${count} items announced, ${end - this.#at} bytes left`) : count
  }

  #memory(): void {
    const flags = this.#u32()
    if ((flags & 0x40) !== 0) this.#skip()
    this.#skip()
  }

  #valueType(): void {
    const byte = this.#bytes[this.#at++] ?? 0
    if (byte === 0x63 || byte === 0x64) this.#skip()
  }

  #skip(): void {
    while ((this.#bytes[this.#at++] ?? 0) >= 0x80);
  }

  #u32(): number {
    const start = this.#at
    let value = 0
    for (let factor = 1;; factor *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      if (this.#at - start >= 5) this.#malformed("number longer than 5 bytes")
    }
  }

  #malformed(message: string): never {
    throw new DecodeError({ reason: "Malformed", offset: this.#at, section: "code section", message })
  }

  #refuse(why: Refusal | undefined, unknown: string, offset: number): never {
    throw new DecodeError({
      reason: "Refused",
      offset,
      section: "code section",
      message: why === undefined ? `${unknown}: not supported` : `${why.feature}: not supported; ${why.hint}`,
      feature: why?.feature ?? "unknown opcodes"
    })
  }

  #atMost(what: string, count: number, limit: number): void {
    if (count > limit) this.#reader?.tooLarge(`${count} ${what}, at most ${limit} are allowed`)
  }
}

const relaxedSimd: Refusal = {
  feature: "relaxed SIMD",
  hint:
    "its results depend on the machine; compile without it, or allow it where receipts need not be the same everywhere"
}

const hex = (code: number): string => `0x${code.toString(16).padStart(2, "0")}`
