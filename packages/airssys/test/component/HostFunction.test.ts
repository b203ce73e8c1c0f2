import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Layer, Logger, Stream } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll } from "vitest"
import { ActorSystem } from "../../src/actor/ActorSystem.ts"
import { InvalidArgument } from "../../src/component/Argument.ts"
import { layer as layerEngine } from "../../src/component/ComponentEngine.ts"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import * as HostFunction from "../../src/component/HostFunction.ts"
import * as HostFunctions from "../../src/component/HostFunctions.ts"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"
import * as Wit from "../../src/component/Wit.ts"
import * as Runtime from "../../src/Runtime.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import * as Capability from "../../src/security/Capability.ts"
import { CapabilityEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import type { CapabilityError } from "../../src/security/CapabilityError.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Powers from "../../src/security/Powers.ts"
import * as Principal from "../../src/security/Principal.ts"
import { manifest } from "./support/actorGuest.ts"
import { forwardingGuest } from "./support/forwardingGuest.ts"

class Vault extends Capability.Service<Vault, {
  readonly open: (wait: Effect.Effect<void>) => Effect.Effect<string, CapabilityError>
}>()("custom.vault") {}

const error = Wit.variant({
  "access-denied": undefined,
  "timed-out": undefined,
  "unavailable": undefined,
  "failed": Wit.string
})
const host = "acme:vault/vault@1.0.0"
const id = (name: string) => `${host}#${name}`

const artifacts = new Map<string, Uint8Array<ArrayBuffer>>()

beforeAll(async () => {
  artifacts.set(
    "vault",
    await forwardingGuest({
      owner: host,
      functions: [
        { name: "open", type: "func(name: string) -> result<string, error>", params: ["i32", "i32"], result: "memory" },
        { name: "weigh", type: "func(name: string) -> u32", params: ["i32", "i32"], result: "i32" },
        { name: "peek", type: "func(name: string) -> result<u32, error>", params: ["i32", "i32"], result: "memory" },
        { name: "who", type: "func() -> string", result: "memory" }
      ],
      types: `use acme:vault/vault@1.0.0.{error};`,
      packages: `package acme:vault@1.0.0 { interface vault {
        variant error { access-denied, timed-out, unavailable, failed(string) }
        open: func(name: string) -> result<string, error>;
        weigh: func(name: string) -> u32;
        peek: func(name: string) -> result<u32, error>;
        who: func() -> string;
      } }`
    })
  )
})

/** Functions that wait as the test says; `started` and `ended` tell how far `open` came. */
const vault = (
  options: { readonly wait?: Effect.Effect<void>; readonly who?: Effect.Effect<void>; readonly deadline?: number } = {}
) => {
  const seen = {
    applied: Array<string>(),
    started: Deferred.makeUnsafe<void>(),
    ended: Deferred.makeUnsafe<Exit.Exit<unknown, unknown>>()
  }
  const watched = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.andThen(Deferred.succeed(seen.started, undefined), effect).pipe(
      Effect.onExit((exit) => Deferred.succeed(seen.ended, exit))
    )
  const wait = options.wait ?? Effect.void
  const params = { name: Wit.string }
  const functions = [
    HostFunction.make({ wit: id("open"), params, result: Wit.result(Wit.string, error) }, {
      requires: [Vault.on((input) => input.name)],
      fuel: 1_000,
      deadline: options.deadline,
      check: ({ name }) => name.length > 16 ? { tag: "failed", val: "no such name" } : undefined,
      handler: ({ name }) => {
        seen.applied.push(name)
        return name === "broken"
          ? Effect.fail({ tag: "failed", val: "it is broken" } as const)
          : Vault.use((vault) => watched(vault.open(wait)))
      }
    }),
    HostFunction.make({ wit: id("weigh"), params, result: Wit.u32 }, {
      requires: [Vault.on((input) => input.name)],
      fuel: 1_000,
      deadline: options.deadline,
      handler: () => Vault.use((vault) => Effect.map(watched(vault.open(wait)), (text) => text.length))
    }),
    HostFunction.sync({ wit: id("peek"), params, result: Wit.result(Wit.u32, error) }, {
      requires: [Vault.on((input) => input.name)],
      fuel: 100,
      check: ({ name }) => name.length > 16 ? { tag: "failed", val: "no such name" } : undefined,
      handler: () => ({ name }) => ({ tag: "ok", val: name.length })
    }),
    HostFunction.make({ wit: id("who"), params: {}, result: Wit.string }, {
      requires: Capability.none("everybody knows its own name"),
      fuel: 100,
      handler: () =>
        watched(
          Effect.uninterruptible(Effect.andThen(
            options.who ?? Effect.void,
            Effect.map(
              HostFunction.Caller,
              ({ delivery, name, principal }) =>
                `${principal.id} ${name} ${delivery?.sender._tag} ${delivery?.id.replace(/^[0-9a-f]{16}-/, "")}`
            ).pipe(Effect.tap((text) => Effect.sync(() => seen.applied.push(text))))
          ))
        )
    })
  ]
  return { seen, functions }
}

const asks = "[[capability]]\nreason = \"Try.\"\ncustom = { vault = [\"*\"] }"
const grants = [Grant.make("custom.vault", ["gold", "broken"], { reason: "Try." })]
const source = Powers.source(Vault, (lease) => ({
  open: (wait) => lease.use(Effect.as(wait, `${lease.resource} opened`))
}))

interface Probe {
  readonly call: (name: string, ...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, ComponentError>
  readonly other: Effect.Effect<Probe["call"], Runtime.StartError>
  readonly kill: Effect.Effect<void, never, ActorSystem>
  /** Ends with the next restart. */
  readonly restarted: Effect.Effect<Fiber.Fiber<unknown>, never, ActorSystem>
  readonly denials: Effect.Effect<ReadonlyArray<string>, never, AuditLog>
}

const probe = "acme:probe"
const principal = Principal.make({ kind: "Component", id: probe })

const running = <A, E>(
  functions: ReadonlyArray<HostFunction.HostFunction> | Layer.Layer<never, InvalidArgument>,
  test: (probe: Probe) => Effect.Effect<A, E, Runtime.Services>,
  options: {
    readonly grants?: ReadonlyArray<Grant.Grant>
    readonly powers?: ReadonlyArray<Powers.Source>
    readonly limits?: string
  } = {}
) =>
  Effect.gen(function*() {
    const runtime = yield* Runtime.Runtime
    const { ref } = yield* runtime.startUntyped("/vault", { tier: "inline", grants: options.grants ?? grants })
    const callOf = (id: string): Probe["call"] => (name, ...args) =>
      Effect.map(runtime.call(id, `probe.${name}`, args), ({ value }) => value)
    return yield* test({
      call: callOf(probe),
      other: Effect.as(runtime.startUntyped("/other", { tier: "inline" }), callOf("acme:other")),
      kill: ActorSystem.use((system) => system.kill(ref)),
      restarted: ActorSystem.use(({ events }) =>
        Effect.forkChild(
          Stream.runHead(Stream.filter(events, (event) => event._tag === "Restarted")),
          { startImmediately: true }
        )
      ),
      denials: Effect.map(Effect.orDie(AuditLog.use((log) => log.entries)), (entries) =>
        entries.flatMap(({ event }) => event._tag === "CapabilityDenied" ? [event.reason] : []))
    })
  }).pipe(
    Effect.provide(
      Runtime.layer.pipe(
        Layer.provide([
          layerEngine,
          Symbol.iterator in functions ? HostFunctions.layer(...functions) : functions,
          Powers.layer(...options.powers ?? [source]),
          ReleaseSource.layerMemory({
            "/vault": { manifest: manifest(asks, options.limits), artifact: artifacts.get("vault")! },
            "/other": { manifest: manifest(asks, undefined, "other"), artifact: artifacts.get("vault")! }
          })
        ])
      )
    )
  )

const denied = { tag: "err", val: { tag: "access-denied" } }

describe("HostFunction", () => {
  it.effect("does for a guest what it holds the capability for, with the power of what it requires", () =>
    running(vault().functions, ({ call }) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* call("open", "gold"), { tag: "ok", val: "gold opened" })
        assert.strictEqual(yield* call("weigh", "gold"), 11)
        assert.deepStrictEqual(yield* call("peek", "gold"), { tag: "ok", val: 4 })
        assert.strictEqual(yield* call("who"), "acme:probe probe Host m4")
      })))

  it.effect("denies by the error of its type what is not granted, audits it and runs nothing", () => {
    const { functions, seen } = vault()
    return running(functions, ({ call, denials }) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* call("open", "silver"), denied)
        assert.deepStrictEqual(yield* call("peek", "silver"), denied)
        assert.isFalse(yield* Deferred.isDone(seen.started))
        assert.deepStrictEqual(seen.applied, [])
        assert.deepStrictEqual(yield* denials, ["NoMatch"])
      }))
  })

  it.effect("stops a guest that has no error to be told by", () =>
    running(vault().functions, ({ call }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(call("weigh", "silver"))
        assert.deepStrictEqual(error.reason, { _tag: "Trap", category: "Denied" })
        assert.deepStrictEqual(error.denials, ["custom.vault silver"])
      })))

  it.effect("gives the failures of its handler as errors, and what is malformed before it decides", () =>
    running(vault().functions, ({ call, denials }) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* call("open", "broken"), {
          tag: "err",
          val: { tag: "failed", val: "it is broken" }
        })
        for (const name of ["peek", "open"]) {
          assert.deepStrictEqual(yield* call(name, "x".repeat(100_000)), {
            tag: "err",
            val: { tag: "failed", val: "no such name" }
          })
        }
        assert.deepStrictEqual(yield* denials, [])
      })))

  it.effect("tells a guest while its handler waits that the capability is taken away", () => {
    const { functions, seen } = vault({ wait: Effect.never })
    return running(functions, ({ call, denials }) =>
      Effect.gen(function*() {
        const answer = yield* Effect.forkChild(call("open", "gold"))
        yield* Deferred.await(seen.started)
        yield* CapabilityEnforcer.use((enforcer) => enforcer.revoke(principal, { reason: "Enough." }))
        assert.deepStrictEqual(yield* Fiber.join(answer), denied)
        assert.deepStrictEqual(yield* denials, ["Revoked"])
      }))
  })

  it.effect("stops a guest without an error as revoked while its handler waits", () => {
    const { functions, seen } = vault({ wait: Effect.never })
    return running(functions, ({ call }) =>
      Effect.gen(function*() {
        const answer = yield* Effect.forkChild(Effect.flip(call("weigh", "gold")))
        yield* Deferred.await(seen.started)
        yield* CapabilityEnforcer.use((enforcer) => enforcer.revoke(principal, { reason: "Enough." }))
        assert.deepStrictEqual((yield* Fiber.join(answer)).reason, { _tag: "Trap", category: "Revoked" })
      }))
  })

  it.effect("is begun without a fiber where it can be, and interrupted with its call", () => {
    const seen: Array<string> = []
    let end: (exit: Exit.Exit<string>) => void = () => {}
    let begun = Deferred.makeUnsafe<void>()
    const open = HostFunction.make({
      wit: id("open"),
      params: { name: Wit.string },
      result: Wit.result(Wit.string, error)
    }, {
      requires: [Vault.on((input) => input.name)],
      fuel: 1_000,
      handler: ({ name }) => Effect.succeed(`${name} by its handler`),
      begin: ({ open }, { name }) =>
        name === "broken" || open === undefined ? undefined : (context, settle) => {
          const caller = Context.getUnsafe(context, HostFunction.Caller)
          seen.push(`${caller.principal.id} ${Fiber.getCurrent() === undefined}`)
          end = settle
          Deferred.doneUnsafe(begun, Effect.void)
          return () => {
            seen.push("stopped")
            settle(Exit.interrupt())
          }
        }
    })
    return running([open, ...vault().functions.slice(1)], ({ call, denials, kill }) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* call("open", "silver"), denied)
        assert.deepStrictEqual(yield* call("open", "broken"), { tag: "ok", val: "broken by its handler" })
        const answer = yield* Effect.forkChild(call("open", "gold"))
        yield* Deferred.await(begun)
        end(Exit.succeed("gold at last"))
        assert.deepStrictEqual(yield* Fiber.join(answer), { tag: "ok", val: "gold at last" })
        begun = Deferred.makeUnsafe<void>()
        const other = yield* Effect.forkChild(Effect.exit(call("open", "gold")))
        yield* Deferred.await(begun)
        yield* kill
        assert.isTrue(Exit.isFailure(yield* Fiber.join(other)))
        assert.deepStrictEqual(seen, ["acme:probe true", "acme:probe true", "stopped"])
        assert.deepStrictEqual(yield* denials, ["NoMatch"])
      }))
  })

  it.effect("interrupts a handler when its component is killed", () => {
    const { functions, seen } = vault({ wait: Effect.never })
    return running(functions, ({ call, kill }) =>
      Effect.gen(function*() {
        const answer = yield* Effect.forkChild(Effect.exit(call("open", "gold")))
        yield* Deferred.await(seen.started)
        yield* kill
        const exit = yield* Deferred.await(seen.ended)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
        assert.isTrue(Exit.isFailure(yield* Fiber.join(answer)))
      }))
  })

  it.effect("interrupts a handler that never ends at the deadline of the function, and goes on with the guest", () => {
    const { functions, seen } = vault({ wait: Effect.never, deadline: 200 })
    return running(functions, ({ call }) =>
      Effect.gen(function*() {
        const answer = yield* Effect.forkChild(call("open", "gold"))
        yield* Deferred.await(seen.started)
        yield* TestClock.adjust(200)
        assert.deepStrictEqual(yield* Fiber.join(answer), { tag: "err", val: { tag: "timed-out" } })
        assert.isTrue(Exit.isFailure(yield* Deferred.await(seen.ended)))
        assert.deepStrictEqual(yield* call("peek", "gold"), { tag: "ok", val: 4 })
      }))
  })

  it.effect("tells a guest of the deadline in time, also where the handler cannot be interrupted", () => {
    const { functions } = vault({ wait: Effect.uninterruptible(Effect.never), deadline: 200 })
    return running(functions, ({ call }) =>
      Effect.gen(function*() {
        const answer = yield* Effect.forkChild(call("open", "gold"), { startImmediately: true })
        yield* TestClock.adjust(200)
        assert.deepStrictEqual(yield* Fiber.join(answer), { tag: "err", val: { tag: "timed-out" } })
        assert.deepStrictEqual(yield* call("peek", "gold"), { tag: "ok", val: 4 })
      }))
  })

  it.effect("refuses further calls to a component that left sixteen handlers behind, until one has ended", () => {
    const gate = Deferred.makeUnsafe<void>()
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => {
      if (String(message).includes("go on after")) lines.push(String(message))
    })
    const { functions } = vault({ wait: Effect.uninterruptible(Deferred.await(gate)), deadline: 200 })
    return running(functions, ({ call, other, restarted }) =>
      Effect.gen(function*() {
        const timedOut = { tag: "err", val: { tag: "timed-out" } }
        const status = Runtime.Runtime.use((runtime) =>
          Effect.map(runtime.status, (all) => all.find((one) => one.component === probe)!)
        )
        const late = Effect.gen(function*() {
          const answer = yield* Effect.forkChild(call("open", "gold"), { startImmediately: true })
          yield* TestClock.adjust(200)
          return yield* Fiber.join(answer)
        })
        const open = "acme:vault/vault@1.0.0#open"
        for (let index = 0; index < 15; index++) assert.deepStrictEqual(yield* late, timedOut)
        assert.deepInclude(yield* status, { leftBehind: Array.from({ length: 15 }, () => open), health: "Healthy" })
        assert.deepStrictEqual(yield* late, timedOut)
        assert.deepStrictEqual(lines, [])
        assert.deepInclude(yield* status, {
          leftBehind: Array.from({ length: 16 }, () => open),
          health: "Degraded",
          because: [`16 of its calls go on after their end, of ${open}`]
        })
        const unavailable = { tag: "err", val: { tag: "unavailable" } }
        assert.deepStrictEqual(yield* call("open", "gold"), unavailable)
        const fresh = yield* restarted
        yield* Effect.flip(call("weigh", "gold"))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fresh)
        assert.deepStrictEqual(yield* call("open", "gold"), unavailable)
        assert.strictEqual((yield* status).leftBehind.length, 16)
        assert.deepStrictEqual(lines, [
          "acme:probe 1.0.0: too many of its calls go on after their end, of acme:vault/vault@1.0.0#open"
        ])
        assert.strictEqual(yield* (yield* other)("who"), "acme:other other Host m1")
        yield* Deferred.succeed(gate, undefined)
        assert.deepStrictEqual(yield* call("open", "gold"), { tag: "ok", val: "gold opened" })
        assert.deepStrictEqual((yield* status).leftBehind, [])
      })).pipe(Effect.provide(Logger.layer([logger])))
  })

  it.effect("stops a guest whose handler takes too long, where it has no error for that", () => {
    const { functions, seen } = vault({ wait: Effect.never, deadline: 200 })
    return running(functions, ({ call }) =>
      Effect.gen(function*() {
        const answer = yield* Effect.forkChild(Effect.flip(call("weigh", "gold")))
        yield* Deferred.await(seen.started)
        yield* TestClock.adjust(200)
        assert.deepStrictEqual((yield* Fiber.join(answer)).reason, { _tag: "Trap", category: "HostFailure" })
      }))
  })

  it.effect("keeps the calls of two components of one artifact apart", () => {
    const gate = Deferred.makeUnsafe<void>()
    return running(vault({ who: Deferred.await(gate) }).functions, ({ call, other }) =>
      Effect.gen(function*() {
        const ofOther = yield* other
        const answers = yield* Effect.forkChild(Effect.all([call("who"), ofOther("who")], { concurrency: 2 }))
        yield* Deferred.succeed(gate, undefined)
        assert.deepStrictEqual(yield* Fiber.join(answers), ["acme:probe probe Host m1", "acme:other other Host m1"])
        assert.deepStrictEqual(yield* ofOther("open", "gold"), denied)
        assert.deepStrictEqual(yield* call("open", "gold"), { tag: "ok", val: "gold opened" })
      }))
  })

  it.effect("stays in the message that called it", () => {
    const gate = Deferred.makeUnsafe<void>()
    const { functions, seen } = vault({ who: Deferred.await(gate) })
    return running(functions, ({ call, restarted }) =>
      Effect.gen(function*() {
        const fresh = yield* restarted
        const late = yield* Effect.flip(call("who"))
        assert.strictEqual(late.reason._tag, "DeadlineExceeded")
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fresh)
        assert.deepStrictEqual(yield* call("peek", "gold"), { tag: "ok", val: 4 })
        yield* Deferred.succeed(gate, undefined)
        yield* Deferred.await(seen.ended)
        assert.deepStrictEqual(seen.applied, ["acme:probe probe Host m1"])
        assert.deepStrictEqual(yield* call("peek", "gold"), { tag: "ok", val: 4 })
      }), { limits: "timeout = \"20 ms\"" })
  })

  it.effect("stops a guest whose handler has a defect", () =>
    running(
      vault({ wait: Effect.die(new Error("the vault is gone")) }).functions,
      ({ call }) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(call("open", "gold"))
          assert.deepStrictEqual(error.reason, { _tag: "Trap", category: "HostFailure" })
        })
    ))

  it.effect("is a failure of the host where nobody makes the power", () =>
    running(vault().functions, ({ call }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(call("weigh", "gold"))
        assert.deepStrictEqual(error.reason, { _tag: "Trap", category: "HostFailure" })
      }), { powers: [] }))

  it.effect("says once for a component which power nobody makes, however often its instances call", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      if (logLevel === "Error" && String(message).includes("custom.vault")) lines.push(String(message))
    })
    return running(vault().functions, ({ call, restarted }) =>
      Effect.gen(function*() {
        const unavailable = { tag: "err", val: { tag: "unavailable" } }
        for (let index = 0; index < 20; index++) assert.deepStrictEqual(yield* call("open", "gold"), unavailable)
        const fresh = yield* restarted
        yield* Effect.flip(call("weigh", "gold"))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fresh)
        assert.deepStrictEqual(yield* call("open", "gold"), unavailable)
        assert.deepStrictEqual(lines, [
          "acme:probe 1.0.0: custom.vault is granted, but this host registers no source of its power: add one to Powers.layer"
        ])
      }), { powers: [] }).pipe(Effect.provide(Logger.layer([logger])))
  })
})

describe("HostFunctions", () => {
  const requires = Capability.none("a test")
  const named = (wit: string) => HostFunction.sync({ wit, params: {} }, { requires, fuel: 1, handler: () => () => {} })

  const problemOf = <E>(layer: Layer.Layer<never, E>) =>
    Effect.map(Effect.flip(Effect.scoped(Layer.build(layer))), (error) => {
      assert.instanceOf(error, InvalidArgument)
      return error.message
    })

  it.effect("fail by their names where they are of airssys or of WASI, or two have one name", () =>
    Effect.gen(function*() {
      const own = ": give functions of your own packages"
      for (const wit of ["airssys:core/log@0.1.0#write", "airssys:other/log@9.1.0#write", "wasi:cli/exit@0.2.0#exit"]) {
        assert.strictEqual(yield* problemOf(HostFunctions.layer(named(wit))), `functions[0] is "${wit}"${own}`)
      }
      const other = named("a:b/c@1.0.0#e")
      assert.strictEqual(
        yield* problemOf(HostFunctions.layer(named("a:b/c@1.0.0#d"), other, named("a:b/c@1.2.0#d"))),
        `functions[2] is "a:b/c@1.2.0#d", as functions[0] is "a:b/c@1.0.0#d": give one function for both`
      )
      assert.match(yield* problemOf(HostFunctions.layer(undefined as never)), /^functions\[0\] is undefined: give /)
      yield* Layer.build(HostFunctions.layer(named("a:b/c@1.0.0#d"), other, named("a:b/c@2.0.0#d")))
    }).pipe(Effect.scoped))

  it.effect("are made of what the host program has, for every guest", () => {
    class Sign extends Context.Service<Sign, { readonly text: string }>()("airssys/test/Sign") {}
    const made = HostFunctions.layerEffect(Effect.map(Sign, ({ text }) => [
      ...vault().functions.filter(({ type }) => type.name !== "who"),
      HostFunction.sync({ wit: id("who"), params: {}, result: Wit.string }, {
        requires,
        fuel: 1,
        handler: () => () => text
      })
    ]))
    return running(
      made.pipe(Layer.provide(Layer.succeed(Sign, { text: "open all day" }))),
      ({ call, other }) =>
        Effect.gen(function*() {
          assert.strictEqual(yield* call("who"), "open all day")
          assert.strictEqual(yield* (yield* other)("who"), "open all day")
          assert.deepStrictEqual(yield* call("open", "silver"), denied)
        })
    )
  })

  it.effect("fail so where an effect makes them", () =>
    Effect.gen(function*() {
      const made = HostFunctions.layerEffect(Effect.succeed([named("airssys:core/log@0.1.0#write")]))
      assert.include(yield* problemOf(made), `functions[0] is "airssys:core/log@0.1.0#write"`)
    }))

  it("refuses what is no name of a function, no reason and no fuel", () => {
    assert.throws(() => named("push"), /no function such as/)
    assert.throws(() => Capability.none(" "), /says why/)
    assert.throws(() =>
      HostFunction.sync({ wit: "a:b/c#d", params: {} }, { requires, fuel: -1, handler: () => () => {} })
    )
    for (const deadline of [0, -1, Number.NaN]) {
      assert.throws(
        () =>
          HostFunction.make({ wit: "a:b/c#d", params: {} }, {
            requires,
            fuel: 1,
            deadline,
            handler: () => Effect.void
          }),
        /over at once/
      )
    }
  })

  it.effect("are compared with the types that a component declares for them", () =>
    Effect.gen(function*() {
      const other = HostFunction.sync({ wit: id("weigh"), params: { name: Wit.u32 }, result: Wit.u32 }, {
        requires,
        fuel: 1,
        handler: () => () => 1
      })
      const functions = [...vault().functions.filter(({ type }) => type.name !== "weigh"), other]
      const error = yield* Effect.flip(running(functions, () => Effect.void))
      assert.include(
        String(error),
        "acme:vault/vault@1.0.0#weigh, which is another function here: parameter name is u32 here, and string in the component"
      )
    }))
})
