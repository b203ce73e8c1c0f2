/**
 * Gives the commands of one script to one engine, and says what came of each.
 *
 * A check whose component did not load is not tried: it has the fate of that
 * component. Steps before `from` are taken for their effects alone.
 */
import { decode } from "@airssys/engine/ComponentBinary"
import type { Func } from "@airssys/engine/WitType"
import { type Component, type Engine, type EngineName, type Instance, Refused } from "../engines/contract.ts"
import { type Progress, Spoilt } from "../result.ts"
import { failed, fault, passed, skipped, type Verdict } from "../verdict.ts"
import { bytesOf, NotAssembled } from "./assemble.ts"
import type { Action, Call, Command, Order, Source } from "./script.ts"
import { isSame, show, toJs, type Value } from "./value.ts"

/** A component or instance, or the verdict that takes its place. */
type Fate<A> = { readonly _tag: "Here"; readonly value: A } | { readonly _tag: "Lost"; readonly verdict: Verdict }

interface Loaded {
  readonly component: Component
  readonly functions: ReadonlyArray<Func>
}

interface Live {
  readonly instance: Instance
  readonly functions: ReadonlyArray<Func>
}

export const runScript = async (
  engine: Engine,
  file: string,
  commands: ReadonlyArray<Command>,
  progress: Progress
): Promise<void> => {
  const run = new Run(engine)
  for (const [step, { keyword, line, order }] of commands.entries()) {
    const at = `${file}:${line}`
    const isReported = step >= progress.from
    const lost = progress.lost.get(step)
    if (lost !== undefined) {
      run.lose(order, { status: "failed", seen: "broken", reason: lost, cause: at })
      continue
    }
    await progress.begin(step, at, keyword)
    const verdict = await run.take(order, at)
    if (!isReported) continue
    const { cause, isSpoilt = false, reason, seen, status } = verdict
    await progress.end(step, { engine: engine.name, at, what: keyword, status, seen, reason, cause }, isSpoilt)
    if (isSpoilt) throw new Spoilt()
  }
}

class Run {
  readonly #engine: Engine
  readonly #components = new Map<string, Fate<Loaded>>()
  readonly #instances = new Map<string, Fate<Live>>()
  #component: Fate<Loaded> = missing("no component comes before it")
  #instance: Fate<Live> = missing("no instance comes before it")

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Does what an order says; what it defines is there for later ones, or lost to them. */
  async take(order: Order, at: string): Promise<Verdict> {
    switch (order._tag) {
      case "Component": {
        const loaded = await this.#load(order.source, at)
        return this.#keep(this.#instances, order.name, this.#instantiate(loaded, at), "instantiated")
      }
      case "Definition":
        return this.#keep(this.#components, order.name, await this.#load(order.source, at), "loaded")
      case "Instance":
        return this.#keep(
          this.#instances,
          order.name,
          this.#instantiate(this.#named(order.component), at),
          "instantiated"
        )
      case "Invoke":
        return this.#call(order.call)
      case "AssertReturn":
        return this.#call(order.call, order.values)
      case "AssertTrap":
        return this.#traps(order.action, order.message, at)
      case "AssertRefused":
        return this.#isRefused(order.source)
      case "AssertUnlinkable":
        return this.#isUnlinkable(order.source, at)
      case "Unsupported": {
        const verdict = skipped(`${order.what}, which this runner does not know`)
        this.#instance = { _tag: "Lost", verdict }
        return verdict
      }
    }
  }

  /** What a step defines that cannot be taken again. */
  lose(order: Order, verdict: Verdict): void {
    if (order._tag === "Definition") this.#keep(this.#components, order.name, { _tag: "Lost", verdict }, "")
    if (order._tag === "Component" || order._tag === "Instance") {
      this.#keep(this.#instances, order.name, { _tag: "Lost", verdict }, "")
    }
  }

  #keep(table: Map<string, Fate<Loaded>>, name: string | undefined, fate: Fate<Loaded>, seen: string): Verdict
  #keep(table: Map<string, Fate<Live>>, name: string | undefined, fate: Fate<Live>, seen: string): Verdict
  #keep<A extends Loaded | Live>(
    table: Map<string, Fate<A>>,
    name: string | undefined,
    fate: Fate<A>,
    seen: string
  ): Verdict {
    const kept: Fate<A> = fate._tag === "Here" ? fate : { ...fate, verdict: { ...fate.verdict, isSpoilt: false } }
    const isComponents = (table as unknown) === this.#components
    if (isComponents) this.#component = kept as Fate<Loaded>
    else this.#instance = kept as Fate<Live>
    if (name !== undefined) table.set(name, kept)
    return fate._tag === "Here" ? passed(seen) : fate.verdict
  }

  #named(name: string | undefined): Fate<Loaded> {
    return name === undefined ? this.#component : this.#components.get(name) ?? missing(`no component is named ${name}`)
  }

  async #load(source: Source, at: string): Promise<Fate<Loaded>> {
    const asynchronous = source._tag === "Bytes" ? [] : source.asynchronous
    const lost = (verdict: Verdict): Fate<Loaded> => ({ _tag: "Lost", verdict: { ...verdict, cause: at } })
    if (asynchronous.length > 0 && this.#engine.name === "jco") {
      return lost(skipped(`asynchronous: ${asynchronous.join(", ")}`))
    }
    try {
      const bytes = await bytesOf(source)
      const component = await this.#engine.load(bytes)
      if (asynchronous.length > 0) {
        return lost(failed("loaded", `it loads, and has asynchronous features: ${asynchronous.join(", ")}`))
      }
      return { _tag: "Here", value: { component, functions: functionsOf(bytes) } }
    } catch (error) {
      const verdict = attempt(error)
      return lost(
        asynchronous.length === 0 || !(error instanceof Refused) || error.feature !== undefined
          ? verdict
          : failed("refused", `${verdict.reason}, instead of naming what is asynchronous in it`)
      )
    }
  }

  #instantiate(loaded: Fate<Loaded>, at: string): Fate<Live> {
    if (loaded._tag === "Lost") return loaded
    const { component, functions } = loaded.value
    try {
      return { _tag: "Here", value: { instance: component.instantiate("nothing"), functions } }
    } catch (error) {
      return { _tag: "Lost", verdict: { ...fault(error), cause: at } }
    }
  }

  /** `values` undefined: any. */
  #call(call: Call, values?: ReadonlyArray<Value>): Verdict {
    const found = this.#function(call)
    if (found._tag === "Lost") return found.verdict
    const { func, instance } = found.value
    try {
      const value = instance.invoke(
        undefined,
        call.export,
        call.args.map((arg, at) => toJs(arg, func?.params[at]?.type))
      )
      const seen = `returned ${show(value)}`
      if (values === undefined) return passed(seen)
      const expected = values[0] === undefined ? undefined : toJs(values[0], func?.result)
      return isSame(expected, value) ? passed(seen) : failed(seen, `expected ${show(expected)}, got ${show(value)}`)
    } catch (error) {
      return fault(error)
    }
  }

  #function(call: Call): Fate<{ readonly instance: Instance; readonly func: Func | undefined }> {
    const live = call.instance === undefined
      ? this.#instance
      : this.#instances.get(call.instance) ?? missing<Live>(`no instance is named ${call.instance}`)
    if (live._tag === "Lost") return live
    const func = live.value.functions.find(({ name }) => name === call.export)
    return { _tag: "Here", value: { instance: live.value.instance, func } }
  }

  async #traps(action: Action, message: string, at: string): Promise<Verdict> {
    const verdict = await this.#act(action, at)
    if (verdict.status === "skipped" || verdict.cause !== undefined && verdict.cause !== at) return verdict
    if (verdict.seen.startsWith("trapped")) {
      const expected = categoryOf(message, this.#engine.name)
      return expected === undefined || verdict.seen === `trapped: ${expected}`
        ? passed(verdict.seen)
        : failed(verdict.seen, `expected a trap of category ${expected}, got ${verdict.seen}: ${verdict.reason}`)
    }
    return verdict.status === "failed" ? verdict : failed(verdict.seen, `expected a trap (${message}), ${verdict.seen}`)
  }

  async #act(action: Action, at: string): Promise<Verdict> {
    if (action._tag === "Call") return this.#call(action.call)
    const loaded = action._tag === "Instantiate" ? await this.#load(action.source, at) : this.#named(action.component)
    const live = this.#instantiate(loaded, at)
    return live._tag === "Lost" ? live.verdict : passed("instantiated")
  }

  async #isRefused(source: Source): Promise<Verdict> {
    try {
      await this.#engine.load(await bytesOf(source))
      return failed("loaded", "it loads")
    } catch (error) {
      if (!(error instanceof Refused)) return attempt(error)
      return error.feature === undefined ? passed("refused") : { ...passed("refused"), reason: error.feature }
    }
  }

  async #isUnlinkable(source: Source, at: string): Promise<Verdict> {
    const live = this.#instantiate(await this.#load(source, at), at)
    if (live._tag === "Here") return failed("instantiated", "it can be instantiated")
    return live.verdict.seen === "unlinked" ? passed("unlinked") : live.verdict
  }
}

const missing = <A>(reason: string): Fate<A> => ({ _tag: "Lost", verdict: failed("nothing", reason) })

/** What an engine or, before it, the assembler throws. */
const attempt = (error: unknown): Verdict =>
  error instanceof NotAssembled
    ? { ...skipped(`the assembler does not take its text: ${error.message}`), isSpoilt: error.crashed }
    : fault(error)

/**
 * The category that a message of the suite stands for. Those of the canonical
 * ABI are asked of our engine alone: jco has one kind of error for all of them.
 */
const categoryOf = (message: string, engine: EngineName): string | undefined =>
  [...coreCategories, ...(engine === "airssys" ? abiCategories : [])].find(([pattern]) => pattern.test(message))?.[1]

const coreCategories: ReadonlyArray<readonly [pattern: RegExp, category: string]> = [
  [/`?unreachable`?/, "Unreachable"],
  [/out of bounds memory access/, "MemoryOutOfBounds"],
  [/divide by zero/, "DivisionByZero"],
  [/uninitialized element|indirect call type mismatch/, "BadIndirectCall"],
  [/call stack exhausted/, "StackOverflow"]
]

const abiCategories: ReadonlyArray<readonly [pattern: RegExp, category: string]> = [
  [/(list|string) content out-of-bounds|out of bounds of memory|beyond end of memory/, "MemoryOutOfBounds"],
  [/unaligned pointer|not aligned|bit pattern|utf-8|discriminant|handle index|while borrowed/, "InvalidValue"],
  [/cannot (enter|leave) component instance/, "InvalidCall"]
]

/** The functions of the world, for their types; none where our decoder reads no world. */
const functionsOf = (bytes: Uint8Array): ReadonlyArray<Func> => {
  try {
    return decode(bytes).world.exports.find(({ id }) => id === undefined)?.functions ?? []
  } catch {
    return []
  }
}
