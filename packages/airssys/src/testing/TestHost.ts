/**
 * A component under test on a host that a test writes.
 *
 * The component is the real one, with its limits; each function that it
 * imports is what the script says. A script is a list of the calls that the
 * guest is expected to make, with their arguments and answers. Another call, and
 * one that was not made, fails the test with the difference. What toolchains
 * link of WASI by themselves is there in its inert form.
 *
 * There is no actor, no supervisor and no authority here: those are for
 * `Runtime` in a test with `TestEngine` and `TestPowers`.
 *
 * @since 0.1.0
 */
import type * as WitType from "@airssys/engine/WitType"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as ComponentDirectory from "../component/ComponentDirectory.ts"
import {
  ComponentEngine,
  type HostTrap,
  type Imports,
  type Instance,
  type Limits
} from "../component/ComponentEngine.ts"
import { ComponentError, InstantiateError, type LoadError } from "../component/ComponentError.ts"
import * as Contract from "../component/Contract.ts"
import * as HostServices from "../component/HostServices.ts"
import * as AuditLog from "../security/AuditLog.ts"
import * as CapabilityEnforcer from "../security/CapabilityEnforcer.ts"
import * as Principal from "../security/Principal.ts"
import { any as anyValue, HostScript, type Scripted } from "./internal/hostScript.ts"

/**
 * What an imported function gives: a value of its type (`result` as `{ tag, val }`),
 * or an Effect of one, which the guest waits for.
 *
 * @category models
 * @since 0.1.0
 */
export type Answer = unknown

/**
 * A function that is expected to be called, or allowed to be.
 *
 * @category models
 * @since 0.1.0
 */
export type Step = Scripted

/**
 * Stands for any value among the arguments of an expected call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const any: unique symbol = anyValue as never

/**
 * The guest calls a function once, with these arguments, and gets the answer.
 * The function is named as `interface#function`, with the version or without,
 * and by its name alone where the world itself imports it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const call = (name: string, args: ReadonlyArray<unknown>, answer?: Answer): Step => ({
  _tag: "Expected",
  name,
  args,
  answer
})

/**
 * The guest may call a function any number of times, at any time. The answer
 * is made of the arguments.
 *
 * @category constructors
 * @since 0.1.0
 */
export const allow = (name: string, answer: (...args: ReadonlyArray<unknown>) => Answer): Step => ({
  _tag: "Allowed",
  name,
  answer
})

/**
 * An answer that stops the guest, as a host does that has no error to give it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const trap = (category: HostTrap["category"], detail = "stopped by the script"): Answer =>
  Exit.fail({ _tag: "HostTrap", category, detail } satisfies HostTrap)

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The bytes of the component. */
  readonly artifact: Uint8Array
  readonly script: ReadonlyArray<Step>
  /** Whether expected calls come in the order of the script, the default, or in any. */
  readonly order?: "AsListed" | "Any" | undefined
  /** Default: 64 MiB, 100,000,000 fuel in each call, and 10 seconds. */
  readonly limits?: Partial<Limits> | undefined
  /** What `init` gets where the component has one. */
  readonly config?: Readonly<Record<string, string>> | undefined
}

/**
 * A call that the guest made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Made {
  /** `interface#function`, as the component imports it. */
  readonly name: string
  readonly args: ReadonlyArray<unknown>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Hosted<out Shape> {
  /** The exports of the component; calls are made one after the other. */
  readonly client: Shape
  /** The calls that the guest made so far, those of WASI left out. */
  readonly made: Effect.Effect<ReadonlyArray<Made>>
  /** Dies with the difference if the guest has not done what the script says. */
  readonly verify: Effect.Effect<void>
}

/**
 * @category errors
 * @since 0.1.0
 */
export type MakeError = LoadError | InstantiateError | ComponentError

const defaults: Limits = { memory: 64 * 1024 * 1024, fuel: 100_000_000, timeout: Duration.seconds(10) }

/**
 * Instantiates a component on its script, until the scope closes. Where the
 * test went well until then, `verify` is run. An import that the component does
 * not have, and values that are not of its types, are defects: they are
 * mistakes of the test.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Self, Shape>(
  contract: Contract.Contract<Self, Shape>,
  options: Options
): Effect.Effect<Hosted<Shape>, MakeError, ComponentEngine | Scope.Scope> =>
  Effect.gen(function*() {
    const engine = yield* ComponentEngine
    const component = yield* engine.load(options.artifact)
    const difference = Contract.mismatch(contract.definition, component.world)
    if (difference !== undefined) return yield* new InstantiateError({ reason: "Refused", detail: difference })
    const script = new HostScript(component.world, options.script, options.order ?? "AsListed")
    const limits = { ...defaults, ...options.limits }
    const imports = new Map([...yield* inert(contract, component.world.imports), ...script.imports])
    const instance = yield* engine.instantiate(component, { imports, limits, tier: "inline" })
    const one = Semaphore.makeUnsafe(1)
    const named = Contract.packageId(contract.definition)

    const invoke = (target: Contract.Target, args: ReadonlyArray<unknown>) =>
      engine.call(instance, target, args).pipe(
        Effect.map(({ value }) => value),
        Effect.mapError(({ cause, detail, export: name, reason }) =>
          new ComponentError({
            component: named,
            export: name,
            reason,
            detail,
            denials: [],
            ...(cause === undefined ? undefined : { cause })
          })
        ),
        Effect.exit,
        // A guest that called what it should not was stopped; what matters is that call.
        Effect.flatMap((exit) => script.mismatch === undefined ? exit : Effect.die(script.mismatch)),
        one.withPermit
      )

    yield* initialise(instance, limits, options.config ?? {}, invoke)
    const verify = Effect.suspend(() => {
      const problem = script.problem()
      return problem === undefined ? Effect.void : Effect.die(problem)
    })
    yield* Effect.addFinalizer((exit) => Exit.isSuccess(exit) ? verify : Effect.void)
    return {
      client: Contract.client(contract, (target, args) =>
        invoke({ interface: target.interface, function: target.function.name }, args)),
      made: Effect.sync(() =>
        script.made.slice()
      ),
      verify
    }
  })

/**
 * Layer that provides a contract from a component on its script. The script is
 * verified when the layer's scope closes.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <Self, Shape>(
  contract: Contract.Contract<Self, Shape>,
  options: Options
): Layer.Layer<Self, MakeError, ComponentEngine> =>
  Layer.effect(contract, Effect.map(make(contract, options), ({ client }) => client))

const lifecycle = "airssys:core/lifecycle@0.1.0"

/** What a host does with a component that has an `init`. */
const initialise = Effect.fnUntraced(function*(
  { component }: Instance,
  { fuel, memory, timeout }: Limits,
  config: Readonly<Record<string, string>>,
  invoke: (target: Contract.Target, args: ReadonlyArray<unknown>) => Effect.Effect<unknown, ComponentError>
) {
  if (!component.world.exports.some(({ id }) => id === lifecycle)) return
  const result = yield* invoke({ interface: lifecycle, function: "init" }, [{
    settings: Object.entries(config).map(([key, value]) => ({ key, value })),
    limits: {
      memory: BigInt(memory),
      fuel: fuel === undefined ? undefined : BigInt(fuel),
      timeout: timeout === undefined ? undefined : Math.ceil(Duration.toMillis(timeout))
    }
  }])
  const { tag, val } = result as { readonly tag: string; readonly val?: { readonly tag: string } }
  if (tag === "err") {
    return yield* new InstantiateError({ reason: "StartFailed", detail: `init failed: ${val?.tag}` })
  }
})

/** WASI for a guest that holds nothing. */
const inert = <Self, Shape>(
  contract: Contract.Contract<Self, Shape>,
  imported: ReadonlyArray<WitType.Interface>
): Effect.Effect<Imports> => {
  const id = Contract.packageId(contract.definition)
  return Effect.map(HostServices.make, (makeImports) =>
    makeImports({
      principal: Principal.make({ kind: "Component", id }),
      namespace: "",
      name: id,
      version: "0.0.0",
      environment: new Map(),
      asks: [],
      configuration: new Map(),
      delivery: () => undefined,
      scope: Scope.makeUnsafe(),
      inert: () => {},
      leftBehind: () => {},
      denied: () => {}
    }, imported.filter((one) => one.id?.startsWith("wasi:") === true))).pipe(Effect.provide(layerNothing))
}

const layerNothing = CapabilityEnforcer.layer.pipe(
  Layer.provide(AuditLog.layerMemory()),
  Layer.provide(Digest.layerWebCrypto),
  Layer.merge(Layer.merge(SecureRandom.layerWebCrypto, ComponentDirectory.layer)),
  Layer.orDie
)
