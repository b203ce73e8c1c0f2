/**
 * Writes the body of a generated function: typed at random, and sure to end,
 * since each loop and each function counts a global down.
 */
import { ops } from "../checker/opcodes.ts"
import type { Bytes } from "./encode.ts"
import { unsigned } from "./encode.ts"
import { calls, pick, rounds, typeBytes } from "./shape.ts"
import { computing, ValueWriter } from "./values.ts"

const stores = ops.filter(({ immediates, results }) =>
  (immediates === "memory" || immediates === "memoryLane") && results === ""
)

export class BodyWriter extends ValueWriter {
  /** The body, with its locals and its end. */
  write(): Bytes {
    const { params, results } = this.type
    if (this.chance(6)) {
      this.#leaf()
    } else {
      this.labels.push(results)
      this.#guard()
      this.#statements(3)
      for (const type of results) this.value(type, 2)
      if (this.chance(5)) {
        for (let left = results.length; left > 0; left--) this.byName("drop")
        this.#leave()
      }
    }
    this.byName("end")
    const declared = Array.from(this.locals.slice(params.length), (type) => [1, ...typeBytes(type)])
    return [...unsigned(declared.length), ...declared.flat(), ...this.code]
  }

  /** Small enough to have no accounts of its own, sometimes. */
  #leaf(): void {
    for (const type of this.type.results) {
      const found = computing.get(type)?.filter(({ immediates }) => immediates === "none")
      if (found === undefined || this.chance(3)) this.simple(type)
      else this.flat(pick(this.random, found))
    }
  }

  /** Leaves the function once all calls are used up. */
  #guard(): void {
    this.index("global.get", calls)
    this.byName("i32.eqz")
    this.open("if", "", "", undefined)
    for (const type of this.type.results) this.constant(type)
    this.byName("return")
    this.close()
    this.#countDown(calls)
  }

  #countDown(global: number): void {
    this.index("global.get", global)
    this.number(1)
    this.byName("i32.sub")
    this.index("global.set", global)
  }

  #statements(depth: number): void {
    for (let left = 1 + this.random(this.shape.long ? 40 : 5); left > 0 && this.room > 0; left--) this.#statement(depth)
  }

  #statement(depth: number): void {
    this.room -= 2
    if (this.chance(20)) this.byName("nop")
    const nested = depth > 0 && this.room > 0
    switch (this.random(nested ? 23 : 14)) {
      case 0:
      case 1:
        return this.#set(this.random(this.locals.length - 1))
      case 2:
        return this.#setGlobal()
      case 3:
      case 4:
        return this.#store()
      case 5:
        this.value(pick(this.random, "ilfdvFXR"), 2)
        return this.byName("drop")
      case 6:
      case 7:
        return this.#memory()
      case 8:
        return this.#table()
      case 9:
      case 10:
        return this.#callAny()
      case 11:
        return this.#branch()
      case 12:
        return this.#throwing()
      case 13:
        return this.#grow()
      case 14:
      case 15:
        return this.#conditional(depth)
      case 16:
      case 17:
        return this.#block(depth)
      case 18:
      case 19:
        return this.#loop(depth)
      case 20:
        return this.#choose(depth)
      default:
        return this.#try(depth)
    }
  }

  #set(local: number): void {
    const type = this.locals[local] ?? "i"
    if (type === "E") return
    this.value(type, 3)
    this.index("local.set", local)
  }

  #setGlobal(): void {
    const global = 2 + this.random(this.shape.globals.length - 4)
    this.value(this.shape.globals[global]?.type ?? "i", 3)
    this.index("global.set", global)
  }

  #store(): void {
    const store = pick(this.random, stores)
    this.address()
    for (const type of store.params.slice(1)) this.value(type, 2)
    this.op(store)
  }

  #callAny(): void {
    const random = this.random
    const func = random(this.shape.functions.length)
    const type = this.shape.functions[func] ?? 0
    switch (random(4)) {
      case 0: {
        const { results } = this.params(0)
        this.entry(1, 2)
        this.index("call_indirect", 0, 1)
        return this.#drop(results)
      }
      case 1: {
        const { results } = this.params(0)
        this.value("R", 1)
        if (this.chance(3)) this.byName("ref.as_non_null")
        this.index("call_ref", 0)
        return this.#drop(results)
      }
      default:
        this.call(func)
        return this.#drop(this.shape.types[type]?.results ?? "")
    }
  }

  /** Drops results, or keeps them in locals. */
  #drop(results: string): void {
    for (const type of Array.from(results).toReversed()) {
      const local = this.locals.indexOf(type)
      if (local !== -1 && type !== "E" && this.chance(2)) this.index("local.set", local)
      else this.byName("drop")
    }
  }

  /** Leaves by a tail call or a return, with all results. */
  #leave(): void {
    const fits = this.shape.functions.flatMap((type, func) =>
      this.shape.types[type]?.results === this.type.results ? [func] : []
    )
    const last = pick(this.random, fits.length > 0 ? fits : [-1])
    if (last === -1 || this.chance(4)) {
      for (const type of this.type.results) this.value(type, 1)
      return this.byName("return")
    }
    if (this.type.results === "i" && this.chance(2)) {
      this.params(0)
      if (this.chance(2)) {
        this.entry(1, 2)
        return this.index("return_call_indirect", 0, 1)
      }
      this.value("R", 1)
      return this.index("return_call_ref", 0)
    }
    this.params(this.shape.functions[last] ?? 0)
    this.index("return_call", last)
  }

  /** A branch out, or round a loop, on a condition. */
  #branch(): void {
    const label = this.random(this.labels.length)
    const taken = this.labels.at(-1 - label)
    if (taken === undefined) return
    if (this.chance(4)) {
      this.value("i", 2)
      this.open("if", "", "", undefined)
      for (const type of taken) this.value(type, 1)
      if (this.chance(4)) this.#leave()
      else this.index("br", label + 1)
      if (this.chance(2)) this.#statement(0)
      return this.close()
    }
    for (const type of taken) this.value(type, 1)
    if (taken === "" && this.chance(3)) {
      this.value(pick(this.random, "FXR"), 1)
      this.index("br_on_null", label)
      return this.byName("drop")
    }
    this.value("i", 2)
    this.index("br_if", label)
    this.#drop(taken)
  }

  #throwing(): void {
    this.value("i", 2)
    if (!this.chance(3)) this.byName("i32.eqz")
    this.open("if", "", "", undefined)
    if (this.chance(4)) this.byName("unreachable")
    else {
      const tag = this.random(this.shape.tags.length)
      this.params(this.shape.tags[tag] ?? 0)
      this.index("throw", tag)
    }
    this.close()
  }

  #conditional(depth: number): void {
    this.value("i", 3)
    this.open("if", "", "", "")
    this.#statements(depth - 1)
    if (this.chance(2)) {
      this.byName("else")
      this.#statements(depth - 1)
    }
    this.close()
  }

  /** A block of two values in some cases, of a parameter in others. */
  #block(depth: number): void {
    const params = this.chance(3) ? "i" : ""
    const results = params === "i" || this.chance(3) ? "il" : ""
    for (const type of params) this.value(type, 2)
    this.open("block", params, results, results)
    this.#drop(params)
    this.#statements(depth - 1)
    for (const type of results) this.value(type, 2)
    this.close()
    this.#drop(results)
  }

  #loop(depth: number): void {
    const params = this.chance(3) ? "i" : ""
    this.open("block", "", "", "")
    for (const type of params) this.value(type, 2)
    this.open("loop", params, params, params)
    this.#drop(params)
    this.index("global.get", rounds)
    this.byName("i32.eqz")
    this.index("br_if", 1)
    this.#countDown(rounds)
    this.#statements(depth - 1)
    for (const type of params) this.value(type, 1)
    this.value("i", 2)
    if (this.chance(3)) this.byName("i32.eqz")
    this.index("br_if", 0)
    this.close()
    this.#drop(params)
    this.close()
  }

  #choose(depth: number): void {
    const arms = 1 + this.random(3)
    for (let arm = 0; arm <= arms; arm++) this.open("block", "", "", "")
    this.value("i", 2)
    this.number(arms + 1)
    this.byName("i32.rem_u")
    this.byName("br_table", unsigned(arms), ...Array.from({ length: arms + 1 }, (_, arm) => unsigned(arm)))
    for (let arm = 0; arm <= arms; arm++) {
      this.close()
      this.#statements(depth - 1)
      if (arm < arms && this.chance(2)) this.index("br", arms - arm - 1)
    }
  }

  #try(depth: number): void {
    const random = this.random
    const tag = random(this.shape.tags.length)
    const payload = this.shape.types[this.shape.tags[tag] ?? 0]?.params ?? ""
    const kind = payload.length < 2 ? random(4) : 2 + random(2)
    const caught = kind === 0 ? payload : kind === 1 ? `${payload}E` : kind === 3 ? "E" : ""
    const wanted = caught.length > 1 ? undefined : caught
    const [clause, results] = wanted === undefined ? [[2], ""] : [kind < 2 ? [kind, ...unsigned(tag)] : [kind], wanted]
    this.open("block", "", results, results)
    this.byName("try_table", [0x40], [1], clause, [0])
    this.labels.push("")
    this.#statements(depth - 1)
    this.labels.pop()
    this.byName("end")
    for (const type of results) this.constant(type)
    this.close()
    if (results === "E") this.#rethrow()
    else this.#drop(results)
  }

  /** Throws what was caught again, now and then. */
  #rethrow(): void {
    this.index("local.set", this.scratch.E)
    this.value("i", 1)
    this.number(7)
    this.byName("i32.and")
    this.byName("i32.eqz")
    this.open("if", "", "", undefined)
    this.index("local.get", this.scratch.E)
    this.byName("throw_ref")
    this.close()
  }

  #length(most: number): void {
    this.value("i", 1)
    if (this.chance(200)) return
    this.number(most - 1)
    this.byName("i32.and")
  }

  #memory(): void {
    const random = this.random
    const { data, large, memories } = this.shape
    const memory = random(memories.length)
    const huge = large && this.chance(3)
    const size = (most: number): void => huge ? this.number(most - random(1_000)) : this.#length(256)
    const kind = random(4)
    if (kind === 3 && this.chance(3)) return this.index("data.drop", 1 + random(data.length - 1))
    this.address()
    if (kind === 0) {
      this.value("i", 1)
      size(2_300_000)
      return this.index("memory.fill", memory)
    }
    if (kind === 1) {
      this.address()
      size(2_300_000)
      return this.index("memory.copy", memory, random(memories.length))
    }
    const segment = random(data.length)
    this.#length(16)
    if (huge) this.number(Math.max(0, (data[segment] ?? 0) - 16))
    else this.#length(16)
    this.index("memory.init", segment, memory)
  }

  #table(): void {
    const random = this.random
    const table = random(this.shape.tables.length)
    const type = this.shape.tables[table]?.type ?? "F"
    switch (random(5)) {
      case 0:
        this.entry(table, 2)
        this.value(type, 2)
        return this.index("table.set", table)
      case 1:
        this.entry(table, 2)
        this.value(type, 2)
        this.#length(2)
        return this.index("table.fill", table)
      case 2:
        this.entry(table, 2)
        this.entry(table, 2)
        this.#length(2)
        return this.index("table.copy", table, table)
      case 3:
        if (this.chance(4)) return this.index("elem.drop", random(this.shape.elements.length))
        this.entry(1, 2)
        this.#length(2)
        this.#length(2)
        return this.index("table.init", 1 + random(this.shape.elements.length - 1), 1)
      default:
        return this.index("elem.drop", 0)
    }
  }

  #grow(): void {
    if (this.chance(2)) {
      this.#length(4)
      this.index("memory.grow", this.random(this.shape.memories.length))
    } else {
      const table = this.random(this.shape.tables.length)
      this.value(this.shape.tables[table]?.type ?? "F", 1)
      this.#length(4)
      this.index("table.grow", table)
    }
    this.#drop("i")
  }
}
