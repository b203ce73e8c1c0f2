/**
 * Random components on two engines: what comes back, and what the host was given.
 */
import type { WitType } from "@airssys/engine/WitType"
import * as WitValue from "@airssys/engine/WitValue"
import type * as ComponentEngine from "airssys/component/ComponentEngine"
import type { ComponentError } from "airssys/component/ComponentError"
import { Effect } from "effect"
import { isDeepStrictEqual } from "node:util"
import {
  guestId,
  hostId,
  type Passing,
  passing,
  Random,
  Types,
  typeText,
  value
} from "../../../airssys/test/component/support/randomWit.ts"

type Engine = ComponentEngine.ComponentEngine["Service"]

interface Call {
  readonly of: Passing
  readonly args: ReadonlyArray<unknown>
}

interface Outcome {
  /** Arguments of the host function. */
  readonly seen: unknown
  readonly result: unknown
}

export interface Difference {
  /** The call, so that it can be made again. */
  readonly where: string
  readonly args: ReadonlyArray<unknown>
  readonly ours: unknown
  readonly theirs: unknown
}

/** A component of functions with random types and calls of them, the same for the same seed. */
const generate = (seed: number) => {
  const random = new Random(seed)
  const types = new Types(random)
  const functions = random.many(20, (i): Passing => ({
    name: `f${i}`,
    params: random.many(1 + random.below(3), () => types.type(3))
  }))
  const calls = functions.flatMap((of) =>
    random.many(4, (): Call => ({ of, args: of.params.map((type) => value(random, type)) }))
  )
  return { calls, functions, random, types }
}

/** Some arguments are those of another call: they may or may not have the types. */
const mixed = (random: Random, calls: ReadonlyArray<Call>): ReadonlyArray<Call> =>
  calls.map(({ args, of }) => {
    const other = random.one(calls).args
    return { of, args: args.map((given, i) => i < other.length && random.below(2) === 0 ? other[i] : given) }
  })

const isConforming = ({ args, of: { params } }: Call): boolean =>
  params.every((type, i) => WitValue.check(type, args[i]) === undefined)

/** Makes the calls; the host answers with its first argument. */
export const run = (engine: Engine, bytes: Uint8Array, calls: ReadonlyArray<Call>) =>
  Effect.scoped(Effect.gen(function*() {
    const component = yield* engine.load(bytes)
    let seen: unknown
    const answer: ComponentEngine.HostFunction = {
      _tag: "Sync",
      call: (args) => {
        seen = args
        return args[0]
      }
    }
    const imported = component.world.imports.find((one) => one.id === hostId)!
    const imports = new Map([[hostId, new Map(imported.functions.map(({ name }) => [name, answer]))]])
    const limits = { memory: 64 * 1024 * 1024, timeout: undefined, fuel: undefined }
    const start = engine.instantiate(component, { imports, limits, tier: "inline" })
    let instance = yield* start
    const outcomes: Array<Outcome> = []
    for (const { args, of } of calls) {
      if (instance.isPoisoned()) instance = yield* start
      seen = "nothing"
      const result = yield* Effect.match(engine.call(instance, { interface: guestId, function: of.name }, args), {
        onSuccess: ({ value }): unknown => value,
        onFailure: ({ reason }: ComponentError): unknown => reason
      })
      outcomes.push({ seen, result })
    }
    return outcomes
  }))

/** What the types say: conforming arguments reach the host and come back, others do not reach the guest. */
const isLawful = (call: Call, { result, seen }: Outcome): boolean =>
  isConforming(call)
    ? isDeepStrictEqual(result, Array.isArray(seen) ? seen[0] : seen)
    : seen === "nothing" && (result as { readonly _tag?: unknown })._tag === "BadArgument"

/** Whether values may be objects with a member called `tag`. */
const hasTag = (type: WitType | undefined): boolean => {
  switch (type?.kind) {
    case "variant":
    case "result":
      return true
    case "option":
      return type.some.kind === "option" || hasTag(type.some)
    case "record":
      return type.fields.some(({ name }) => name === "tag")
    case "flags":
      return type.labels.includes("tag")
    default:
      return false
  }
}

/** What jco does wrong with the value that a host function gives, by name. */
export const faultsOfJco: ReadonlyArray<{ readonly name: string; readonly has: (result: WitType) => boolean }> = [
  {
    name: "a result whose payload has a member tag is taken for that payload",
    has: (type) => type.kind === "result" && hasTag(type.ok)
  }
]

/** Differences between two engines, and between ours and the types, for one random component. */
export const compare = (seed: number, ours: Engine, theirs: Engine) =>
  Effect.gen(function*() {
    const { calls: given, functions, random, types } = generate(seed)
    const calls = [...given, ...mixed(random, given)]
    const bytes = yield* Effect.promise(() => passing(functions, types))
    const [mine, other] = yield* Effect.all([run(ours, bytes, calls), run(theirs, bytes, calls)])
    const differences: Array<Difference> = []
    for (const [i, call] of calls.entries()) {
      const isGiven = i < given.length
      const isKnown = faultsOfJco.some(({ has }) => has(call.of.params[0]!))
      const isSame = (isKnown || isDeepStrictEqual(mine[i], other[i])) && isLawful(call, mine[i]!) &&
        (!isGiven || isDeepStrictEqual(mine[i], { seen: call.args, result: call.args[0] }))
      if (isSame) continue
      const where = `seed ${seed} call ${i} ${call.of.name}(${call.of.params.map(typeText).join(", ")})`
      differences.push({ where, args: call.args, ours: mine[i], theirs: other[i] })
    }
    return { calls: calls.length, differences }
  })
