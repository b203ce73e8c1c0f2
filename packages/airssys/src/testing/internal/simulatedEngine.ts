import { maxSyncFuel } from "@airssys/engine/Instance"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import {
  type CallResult,
  ComponentEngine,
  type Instance,
  layer,
  type Limits,
  type LoadedComponent
} from "../../component/ComponentEngine.ts"
import { ComponentError, InstantiateError, LoadError, type TrapCategory } from "../../component/ComponentError.ts"
import * as Contract from "../../component/Contract.ts"
import { EnginePlatform } from "../../component/EnginePlatform.ts"
import { engineClock } from "./engineClock.ts"
import { immediate } from "./immediateImports.ts"
import { printed } from "./printed.ts"
import { CurrentVoice, wholeMillis } from "./simulator.ts"

type Shape = ComponentEngine["Service"]
type Called = Exit.Exit<CallResult, ComponentError>

/** An engine that outlives the runs, on the clock of the one at hand. */
interface Switched {
  readonly engine: Shape
  clock: Clock.Clock
}

/** Makes an engine whose components are loaded before a run and instantiated in it. */
export const makeSwitched: Effect.Effect<Switched> = Effect.gen(function*() {
  const switched = { clock: yield* Clock.Clock }
  const { options } = yield* EnginePlatform
  const platform = Layer.succeed(EnginePlatform, {
    options: { ...options, clock: engineClock(() => switched.clock) }
  })
  const engine = yield* Effect.provide(ComponentEngine, Layer.provide(layer, platform))
  return Object.assign(switched, { engine })
})

interface Loaded {
  readonly id: string
  readonly artifact: Uint8Array
  readonly component: LoadedComponent
}

interface Call {
  readonly component: string
  readonly export: string
  readonly ordinal: number
}

type When = number | ((call: Call) => boolean) | undefined

interface Faults {
  readonly trap?: When
  readonly slow?: When
  readonly longestDelay?: Duration.Input | undefined
}

class SimulatedInstance implements Instance {
  readonly component: LoadedComponent
  readonly tier = "inline"
  readonly id: string
  readonly inner: Instance
  readonly limits: Limits
  /** Whether the Effects of its imports need the context of the call. */
  readonly waits: boolean
  context: Context.Context<never> = Context.empty()
  isLost = false

  constructor(id: string, inner: Instance, limits: Limits, waits: boolean) {
    this.id = id
    this.component = inner.component
    this.inner = inner
    this.limits = limits
    this.waits = waits
  }

  isPoisoned(): boolean {
    return this.isLost || this.inner.isPoisoned()
  }
}

const chanceOf = (name: string, when: When): number => {
  if (when === undefined || typeof when === "function") return 0
  if (!(when >= 0 && when <= 1)) throw new RangeError(`The chance of a ${name} is from 0 to 1, not ${when}`)
  return when
}

const notSimulated = Effect.die(
  new Error("SimulatedComponents are for the program of a Simulation; elsewhere there is TestComponents")
)

const failure = (
  instance: SimulatedInstance,
  target: Contract.Target,
  reason: ComponentError["reason"],
  detail: string
): Called =>
  Exit.fail(
    new ComponentError({
      component: instance.component.digest,
      export: Contract.exportName(target),
      reason,
      detail,
      denials: []
    })
  )

const trap: TrapCategory = "Unreachable"

const lose = (instance: SimulatedInstance, called: Called): Called => {
  instance.isLost = true
  return called
}

/** The engine of one run. */
export const simulated = (
  switched: Switched,
  loaded: ReadonlyArray<Loaded>,
  { longestDelay = "1 second", slow, trap: trapped }: Faults
): Effect.Effect<Shape> =>
  Effect.gen(function*() {
    const { engine } = switched
    const [slowChance, trapChance] = [chanceOf("slow call", slow), chanceOf("trap", trapped)]
    const longest = wholeMillis(longestDelay)
    const voice = yield* CurrentVoice
    if (voice === undefined) return yield* notSimulated
    const random = yield* Random.Random
    switched.clock = yield* Clock.Clock
    const calls = new Map<string, number>()

    const below = (count: number): number => Math.floor(random.nextDoubleUnsafe() * count)

    const strikes = (when: When, chance: number, call: Call, what: string): boolean =>
      typeof when === "function"
        ? when(call) && voice.strikes(1, what)
        : chance > 0 && voice.strikes(chance, what)

    /** The call itself, with its line in the trace. */
    const run = (instance: SimulatedInstance, target: Contract.Target, args: ReadonlyArray<unknown>): Called => {
      const called = engine.callUnsafe(instance.inner, target, args) ?? failure(
        instance,
        target,
        { _tag: "Poisoned" },
        "the engine cannot make this call at once"
      )
      voice.note(`${instance.id} ${Contract.exportName(target)}${said(called)}`)
      return called
    }

    const call = (of: Instance, target: Contract.Target, args: ReadonlyArray<unknown>) =>
      Effect.withFiber((fiber): Effect.Effect<CallResult, ComponentError> => {
        const instance = of as SimulatedInstance
        instance.context = fiber.context
        if (instance.isLost) return failure(instance, target, { _tag: "Poisoned" }, "the instance was lost")
        const ordinal = (calls.get(instance.id) ?? 0) + 1
        calls.set(instance.id, ordinal)
        const made: Call = { component: instance.id, export: Contract.exportName(target), ordinal }
        const name = `call ${ordinal} of ${instance.id}`
        if (strikes(trapped, trapChance, made, `trap ${name}`)) {
          if (below(2) === 1) run(instance, target, args)
          return lose(instance, failure(instance, target, { _tag: "Trap", category: trap }, `injected into ${name}`))
        }
        if (!strikes(slow, slowChance, made, `slow ${name}`)) return run(instance, target, args)
        return slowed(instance, target, () => run(instance, target, args))
      })

    /** What a guest does before it waits, and what after, is one thing here: it is done before, or after. */
    const slowed = (instance: SimulatedInstance, target: Contract.Target, run: () => Called) => {
      const millis = 1 + below(longest)
      const limit = instance.limits.timeout === undefined ? Infinity : Duration.toMillis(instance.limits.timeout)
      const isBefore = below(2) === 0
      const before = isBefore ? run() : undefined
      return Effect.flatMap(Effect.sleep(Duration.millis(Math.min(millis, limit))), () =>
        millis < limit
          ? before ?? run()
          : lose(
            instance,
            failure(instance, target, { _tag: "DeadlineExceeded", limitMillis: limit }, "its time was over")
          )).pipe(Effect.onInterrupt(() => Effect.sync(() => lose(instance, Exit.interrupt()))))
    }

    const hasFaults = slow !== undefined || trapped !== undefined

    return {
      name: "airssys, simulated",
      keeps: engine.keeps,
      load: (bytes) => {
        const found = loaded.find(({ artifact }) => artifact === bytes || isSame(artifact, bytes))
        return found === undefined
          ? Effect.fail(new LoadError({ reason: "Refused", detail: "it was not loaded before the simulation" }))
          : Effect.succeed(found.component)
      },
      instantiate: (component, options) => {
        const id = loaded.find((one) => one.component === component)?.id ?? component.digest
        const refusal = refusalOf(id, options.limits)
        if (refusal !== undefined) return Effect.fail(refusal)
        const box: { instance: SimulatedInstance | undefined } = { instance: undefined }
        const waits = [...options.imports.values()].some((functions) =>
          [...functions.values()].some(({ _tag }) => _tag === "Async")
        )
        const imports = immediate(options.imports, voice, () => box.instance?.context ?? Context.empty())
        return Effect.map(engine.instantiate(component, { ...options, imports }), (inner) => {
          box.instance = new SimulatedInstance(id, inner, options.limits, waits)
          return box.instance
        })
      },
      call,
      callUnsafe: (of, target, args) => {
        const instance = of as SimulatedInstance
        if (hasFaults || instance.waits || instance.isLost) return undefined
        return run(instance, target, args)
      },
      dispose: (instance) => engine.dispose((instance as SimulatedInstance).inner)
    }
  })

const said = (called: Called): string => {
  if (Exit.isFailure(called)) return ` failed`
  const { receipt: { fuel, memory }, value } = called.value
  return ` = ${printed(value)}, ${fuel} fuel, ${memory} bytes`
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])

const refusalOf = (id: string, { fuel }: Limits): InstantiateError | undefined =>
  fuel !== undefined && fuel <= maxSyncFuel ? undefined : new InstantiateError({
    reason: "LimitUnsupported",
    detail: `${id} cannot be simulated with ${fuel === undefined ? "no limit of fuel" : `${fuel} fuel`} for a call: ` +
      `beyond ${maxSyncFuel} it gives way to the thread between two slices, which goes through a promise. ` +
      `Start it with limits: { fuel: ${maxSyncFuel} } here`
  })
