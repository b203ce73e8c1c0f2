/**
 * Components whose exports a test writes itself.
 *
 * Everything around the script is the real thing: the actor, its supervisor
 * and backoff, the checks of arguments and results, the enforcer and the audit
 * log. Only the guest is replaced, so a test drives time with `TestClock` and
 * makes the guest crash when it wants to.
 *
 * @since 0.1.0
 */
// A script may fail with anything; it is checked against the contract.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { ActorRef } from "../actor/ActorRef.ts"
import * as ActorSystem from "../actor/ActorSystem.ts"
import * as Supervisor from "../actor/Supervisor.ts"
import * as Admission from "../component/Admission.ts"
import * as Component from "../component/Component.ts"
import { type CallResult, ComponentEngine, type Instance } from "../component/ComponentEngine.ts"
import { ComponentError, type TrapCategory } from "../component/ComponentError.ts"
import * as ComponentHost from "../component/ComponentHost.ts"
import * as ComponentMessage from "../component/ComponentMessage.ts"
import * as Contract from "../component/Contract.ts"
import * as Manifest from "../component/Manifest.ts"
import type { Release } from "../component/Release.ts"
import * as ReleaseSource from "../component/ReleaseSource.ts"
import * as AuditLog from "../security/AuditLog.ts"
import * as CapabilityEnforcer from "../security/CapabilityEnforcer.ts"
import * as TrustRegistry from "../security/TrustRegistry.ts"

/**
 * Layer that provides a contract from a script: one function for each export,
 * with the same arguments and typed failures. It is restarted like a component
 * that is hosted by `Component.layer` with these options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <Self, Shape extends object>(
  contract: Contract.Contract<Self, Shape>,
  script: Contract.Script<Shape>,
  options?: Component.LayerOptions
): Layer.Layer<Self> => {
  const release = scriptedRelease(contract.definition)
  const spec = Component.child(contract, release, options)
  const parts = Layer.effectContext(
    Effect.gen(function*() {
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity: options?.intensity ?? Component.defaultIntensity,
        children: []
      }))
      const { ref, services } = yield* supervisor.startChild(spec)
      handles.set(services.mapUnsafe.get(contract.key), ref as ActorRef<ComponentMessage.Invoke>)
      return services
    })
  ).pipe(
    Layer.provide(ActorSystem.layerTest),
    Layer.provide(ComponentHost.layerHooks),
    Layer.provide(ComponentHost.layer),
    Layer.provide(layerScripted(contract.definition, script)),
    Layer.provide(ReleaseSource.layerMemory({})),
    Layer.provide(CapabilityEnforcer.layer),
    Layer.provide(layerTrust),
    Layer.provide(AuditLog.layerMemory()),
    Layer.provide(Digest.layerWebCrypto),
    Layer.orDie
  )
  // The parts are constants: shared, they would run this script's calls in the host of another one.
  return Layer.fromBuildMemo((_, scope) => Layer.buildWithMemoMap(parts, Layer.makeMemoMapUnsafe(), scope))
}

const trusted = { level: "Trusted", because: "it is a script of a test" } as const

/** Judges without recording it: a restart is over when the clock has passed its backoff. */
const layerTrust: Layer.Layer<TrustRegistry.TrustRegistry> = Layer.mock(TrustRegistry.TrustRegistry, {
  evaluate: () => Effect.succeed(trusted),
  trustDigest: () => Effect.void,
  trustPath: () => Effect.void,
  revokeDigest: () => Effect.void,
  revokePath: () => Effect.void
})

const handles = new WeakMap<object, ActorRef<ComponentMessage.Invoke>>()
const crashTarget = "crash this instance"

/**
 * Makes the scripted guest trap, as if a call had run into it. When this
 * returns its instance is gone, and its supervisor acts as it would.
 *
 * @category combinators
 * @since 0.1.0
 */
export const crash = <Self, Shape>(
  contract: Contract.Contract<Self, Shape>,
  category: TrapCategory
): Effect.Effect<void, never, Self> =>
  Effect.flatMap(contract, (service) => {
    const ref = handles.get(service as object)
    return ref === undefined
      ? Effect.die(new Error(`${contract.definition.world} is not provided by TestRuntime.layer`))
      : Effect.ignore(
        ComponentMessage.invoke(ref, contract.definition.world, { interface: undefined, function: crashTarget }, [
          category
        ])
      )
  })

const scriptedRelease = (definition: Contract.Definition): Release => {
  const id = Contract.packageId(definition)
  const [namespace = "", name = ""] = id.split(":")
  const at = definition.world.indexOf("@")
  const version = at === -1 ? "0.0.0" : definition.world.slice(at + 1)
  const manifestText = [
    "schema = 1",
    "[component]",
    `namespace = "${namespace}"`,
    `name = "${name}"`,
    `version = "${version}"`,
    `world = "${definition.world}"`,
    "[build]",
    "command = \"none\"",
    "output = \"none\"",
    "[limits]",
    "memory = \"4 GiB\"",
    "timeout = \"60 min\""
  ].join("\n")
  const manifest = Result.getOrThrow(Manifest.parse(manifestText, { file: "script" }))
  return {
    id,
    version,
    digest: `sha256:${"0".repeat(64)}`,
    source: "script",
    path: undefined,
    manifest,
    manifestText,
    component: { digest: "0".repeat(64), world: Contract.world(definition) },
    trust: trusted
  }
}

class ScriptedInstance implements Instance {
  readonly component: Release["component"]
  readonly tier = "inline"
  poisoned = false
  constructor(component: Release["component"]) {
    this.component = component
  }
  isPoisoned(): boolean {
    return this.poisoned
  }
}

const layerScripted = (definition: Contract.Definition, script: object): Layer.Layer<ComponentEngine> => {
  const entries = Contract.functions(definition)

  const call = (
    instance: Instance,
    target: { readonly interface: string | undefined; readonly function: string },
    args: ReadonlyArray<unknown>
  ): Effect.Effect<CallResult, ComponentError> => {
    const place = { component: Contract.packageId(definition), export: Contract.exportName(target), denials: [] }
    if (target.function === crashTarget) {
      ;(instance as ScriptedInstance).poisoned = true
      const category = args[0] as TrapCategory
      return Effect.fail(
        new ComponentError({ ...place, reason: { _tag: "Trap", category }, detail: `trap: ${category}` })
      )
    }
    const entry = entries.find(({ contract }) =>
      contract.interface === target.interface && contract.function.name === target.function
    )
    if (entry === undefined) {
      return Effect.fail(
        new ComponentError({ ...place, reason: { _tag: "NoSuchExport" }, detail: "has no such export" })
      )
    }
    const problem = Admission.checkArguments(entry.contract.function, args)
    if (problem !== undefined) {
      return Effect.fail(
        new ComponentError({ ...place, reason: { _tag: "BadArgument", path: problem }, detail: problem })
      )
    }
    return Effect.flatMap(Effect.exit(run(script, entry.path, args)), (exit) => {
      const value = toValue(entry.contract, exit)
      const wrong = value === undefined
        ? undefined
        : Admission.check(entry.contract.function.result)(value.val)
      if (value !== undefined && wrong === undefined) return Effect.succeed({ value: value.val, receipt })
      ;(instance as ScriptedInstance).poisoned = true
      return Effect.fail(
        new ComponentError({
          ...place,
          reason: { _tag: "Trap", category: wrong === undefined ? "Other" : "InvalidValue" },
          detail: Exit.isFailure(exit) && wrong === undefined
            ? Cause.pretty(exit.cause)
            : `the script gave an invalid value: ${wrong}`
        })
      )
    })
  }

  return Layer.succeed(ComponentEngine, {
    name: "script",
    keeps: () => ({ timeout: true, fuel: true }),
    load: () => Effect.die(new Error("a script has no bytes to load")),
    instantiate: (component) => Effect.sync(() => new ScriptedInstance(component)),
    call,
    callUnsafe: () => undefined,
    dispose: (instance) =>
      Effect.sync(() => {
        ;(instance as ScriptedInstance).poisoned = true
      })
  })
}

const receipt = { fuel: undefined, costTable: undefined, memory: 0, nanos: 0n }

const run = (
  script: object,
  path: ReadonlyArray<string>,
  args: ReadonlyArray<unknown>
): Effect.Effect<unknown, unknown> =>
  Effect.suspend(() => {
    const found = path.reduce<unknown>((table, name) => (table as Record<string, unknown>)[name], script)
    return (found as (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>)(...args)
  })

const toValue = (
  contract: Contract.FunctionContract,
  exit: Exit.Exit<unknown, unknown>
): { readonly val: unknown } | undefined => {
  const isResult = contract.function.result?.kind === "result"
  if (Exit.isSuccess(exit)) return { val: isResult ? { tag: "ok", val: exit.value } : exit.value }
  const failure = Cause.findErrorOption(exit.cause)
  if (Option.isNone(failure)) return undefined
  const err = Contract.fromFailure(contract, failure.value)
  return err === undefined ? undefined : { val: { tag: "err", val: err.val } }
}
