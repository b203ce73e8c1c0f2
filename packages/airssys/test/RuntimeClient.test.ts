import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Admission from "../src/component/Admission.ts"
import * as Component from "../src/component/Component.ts"
import * as ComponentEngine from "../src/component/ComponentEngine.ts"
import type { ComponentError } from "../src/component/ComponentError.ts"
import * as Contract from "../src/component/Contract.ts"
import * as ContractSource from "../src/component/ContractSource.ts"
import * as ReleaseSource from "../src/component/ReleaseSource.ts"
import * as Runtime from "../src/Runtime.ts"
import {
  Circle,
  DarkGreen,
  DoneError,
  EffectError,
  Nothing,
  OutcomeError,
  type Rights,
  type Shape,
  Text,
  Values
} from "./component/fixtures/values.gen.ts"
import * as scriptedHost from "./component/scriptedHost.ts"
import { build } from "./component/support/echoGuest.ts"

const { func, world } = scriptedHost

const artifact = await build()

const layer = Runtime.layer.pipe(
  Layer.provide([
    ComponentEngine.layer,
    ReleaseSource.layerMemory({ values: { manifest: scriptedHost.manifest("values"), artifact } })
  ])
)

type Client = typeof Values.Service

/** The functions that give back what they are given. */
type Same = {
  readonly [K in keyof Client]: Client[K] extends (value: infer V) => Effect.Effect<infer A, ComponentError>
    ? [V, A] extends [A, V] ? K : never
    : never
}[keyof Client]

type Table = { readonly [K in Same]: ReadonlyArray<Parameters<Client[K]>[0]> }

const values: Table = {
  aBool: [true, false],
  aS8: [-128, 0, 127],
  aU8: [0, 255],
  aS16: [-32_768, 32_767],
  aU16: [0, 65_535],
  aS32: [-2_147_483_648, 2_147_483_647],
  aU32: [0, 4_294_967_295],
  aS64: [-(2n ** 63n), -1n, 2n ** 63n - 1n],
  aU64: [0n, 2n ** 53n + 1n, 2n ** 64n - 1n],
  aF32: [0, -0, 1.5, Infinity, NaN],
  aF64: [0.1, -0, Number.MAX_VALUE, 5e-324, -Infinity, NaN],
  aChar: ["a", "\u0000", "\u{10ffff}"],
  aString: ["", "naïve \u{1f600}", "\u0000", "\ufeff"],
  bytes: [new Uint8Array(0), Uint8Array.of(0, 255)],
  words: [[], [0, 4_294_967_295]],
  strings: [[], ["", "b"]],
  nested: [[], [[]], [[-1], [], [1, 2]]],
  maybe: [undefined, 0, 7],
  maybeMaybe: [{ tag: "none" }, { tag: "some", val: undefined }, { tag: "some", val: 7 }],
  pair: [[1, "one"]],
  aPoint: [{ x: 1, farAway: -(2n ** 63n), label: "here" }],
  points: [[], [{ x: 1, farAway: 2n, label: "" }, { x: 3, farAway: 4n, label: "\u{1f600}" }]],
  aRights: [
    { read: true, writeAll: false, owner: true },
    { read: false, writeAll: false, owner: false }
  ] satisfies ReadonlyArray<Rights>,
  aColour: ["red", "dark-green", "blue"],
  aShape: [{ tag: "nothing" }, { tag: "circle", val: 3 }, { tag: "text", val: "round" }] satisfies ReadonlyArray<Shape>,
  outcomes: [[], [{ tag: "ok", val: 1 }, { tag: "err", val: "no" }]]
}

const guest = (name: string, code: scriptedHost.Guest["code"] = {}): scriptedHost.Guest => ({
  world: world(name, [func("ping", { kind: "string" }), func("wait")]),
  code: { [`${name}.ping`]: () => "pong", ...code }
})

class Echo extends Contract.Service<Echo, { readonly ping: () => Effect.Effect<string, ComponentError> }>()(
  "acme:echo/plugin@1.0.0",
  { ping: Contract.func("acme:echo/echo@1.0.0", "ping", [], { kind: "string" }, undefined) }
) {}

const scripted = <A, E>(
  body: (
    runtime: Runtime.Runtime["Service"],
    host: ReturnType<typeof scriptedHost.make>
  ) => Effect.Effect<A, E, Runtime.Services>
) => {
  const host = scriptedHost.make()
  return Effect.provide(Effect.flatMap(Runtime.Runtime, (runtime) => body(runtime, host)), host.layer)
}

describe("a client", () => {
  it("is made from the component itself, whose contract is the checked-in one", async () => {
    const file = fileURLToPath(new URL("./component/fixtures/values.gen.ts", import.meta.url))
    const { world } = await Effect.runPromise(Admission.inspect(artifact))
    const source = Result.getOrThrow(
      ContractSource.generate({ world: "acme:values/plugin@1.0.0", description: world })
    )
    if (process.env["UPDATE_FIXTURES"] === "1") writeFileSync(file, source)
    assert.strictEqual(source, readFileSync(file, "utf8"))
  })

  it.live("gives back each kind of value as it was", () =>
    Effect.gen(function*() {
      const runtime = yield* Runtime.Runtime
      yield* runtime.startUntyped("values")
      const client = yield* runtime.client(Values, "acme:values")
      const same = client as unknown as Readonly<Record<string, (value: unknown) => Effect.Effect<unknown>>>
      for (const [name, inputs] of Object.entries(values)) {
        for (const input of inputs) assert.deepStrictEqual(yield* same[name]!(input), input, name)
      }
      const covered = [...Object.keys(values), "outcome", "done", "attempt", "refusal", "effect"]
      assert.sameMembers(covered, Object.keys(client))
    }).pipe(Effect.provide(layer)))

  it.live("succeeds with what is ok, and fails with a class for each error and case", () =>
    Effect.gen(function*() {
      const runtime = yield* Runtime.Runtime
      const { client } = yield* runtime.start(Values, "values")
      assert.strictEqual(yield* client.outcome({ tag: "ok", val: 7 }), 7)
      assert.strictEqual(yield* client.refusal({ tag: "ok", val: "fine" }), "fine")
      assert.isUndefined(yield* client.done({ tag: "ok" }))
      const failures = yield* Effect.all([
        Effect.flip(client.outcome({ tag: "err", val: "no" })),
        Effect.flip(client.done({ tag: "err" })),
        Effect.flip(client.effect({ tag: "err", val: Uint8Array.of(1, 2) })),
        Effect.flip(client.attempt({ tag: "err", val: { tag: "nothing" } })),
        Effect.flip(client.attempt({ tag: "err", val: { tag: "circle", val: 3 } })),
        Effect.flip(client.attempt({ tag: "err", val: { tag: "text", val: "round" } })),
        Effect.flip(client.refusal({ tag: "err", val: "dark-green" }))
      ])
      const expected = [
        new OutcomeError({ value: "no" }),
        new DoneError(),
        new EffectError({ value: Uint8Array.of(1, 2) }),
        new Nothing(),
        new Circle({ value: 3 }),
        new Text({ value: "round" }),
        new DarkGreen()
      ]
      for (const [index, failure] of failures.entries()) {
        assert.strictEqual(failure._tag, expected[index]!._tag)
        assert.strictEqual(failure.constructor, expected[index]!.constructor)
        assert.deepStrictEqual(
          "value" in failure && failure.value,
          "value" in expected[index]! && expected[index].value
        )
      }
      const caught = yield* client.attempt({ tag: "err", val: { tag: "circle", val: 3 } }).pipe(
        Effect.catchTag("acme:values/Circle", ({ value }) => Effect.succeed(-value))
      )
      assert.strictEqual(caught, -3)
    }).pipe(Effect.provide(layer)))

  it.live("refuses a value that got past the compiler before the guest runs", () =>
    Effect.gen(function*() {
      const runtime = yield* Runtime.Runtime
      const { client } = yield* runtime.start(Values, "values")
      const wrong = yield* Effect.all([
        Effect.flip(client.aU8(256)),
        Effect.flip(client.aU64(-1n)),
        Effect.flip(client.aChar("ab")),
        Effect.flip(client.aShape({ tag: "circle", val: -1 })),
        Effect.flip((client.aBool as (v: unknown) => Effect.Effect<boolean, ComponentError>)(1)),
        Effect.flip((client.aBool as () => Effect.Effect<boolean, ComponentError>)())
      ])
      assert.deepStrictEqual(wrong.map(({ reason }) => reason._tag), Array.from({ length: 6 }, () => "BadArgument"))
      assert.strictEqual(yield* client.aBool(true), true)
      for (const name of [undefined, null, 7, {}, Symbol("name")]) {
        assert.strictEqual((yield* Effect.flip(runtime.call(name as never, "a", []))).reason._tag, "Stopped")
        const failed = yield* Effect.flip(runtime.call("test:values", name as never, []))
        assert.include(["Stopped", "NoSuchExport"], failed.reason._tag)
      }
    }).pipe(Effect.provide(layer)))

  it.effect("is refused for a component that does not run, or exports something else, and the difference is named", () =>
    scripted((runtime, host) =>
      Effect.gen(function*() {
        const missing = yield* Effect.flip(runtime.client(Echo, "acme:echo"))
        assert.deepStrictEqual([missing.reason, missing.message], ["NotRunning", "acme:echo: is not running"])
        yield* runtime.startUntyped(host.put("echo", guest("other")))
        const foreign = yield* Effect.flip(runtime.client(Echo, "acme:echo"))
        assert.strictEqual(foreign.reason, "ContractMismatch")
        assert.include(foreign.detail, "does not export acme:echo/echo@1.0.0#ping")
        assert.strictEqual((yield* Effect.flip(runtime.client(Echo, "__proto__"))).reason, "NotRunning")
      })
    ))

  it.effect("follows its component over a stop and a start, as long as what runs keeps the contract", () =>
    scripted((runtime, host) =>
      Effect.gen(function*() {
        yield* runtime.startUntyped(host.put("echo", guest("echo")))
        const { ping } = yield* runtime.client(Echo, "acme:echo")
        assert.strictEqual(yield* ping(), "pong")
        yield* runtime.stop("acme:echo")
        const stopped = yield* Effect.flip(ping())
        assert.deepStrictEqual([stopped.component, stopped.reason._tag], ["acme:echo", "Stopped"])
        yield* runtime.startUntyped(host.put("echo", guest("echo", { "echo.ping": () => "anew" })))
        assert.strictEqual(yield* ping(), "anew")
        yield* runtime.stop("acme:echo")
        const lying: scriptedHost.Guest = {
          world: world("echo", [func("ping", { kind: "u32" })]),
          code: { "echo.ping": () => 7 }
        }
        yield* runtime.startUntyped(host.put("echo", lying))
        const other = yield* Effect.flip(ping())
        assert.strictEqual(other.reason._tag, "NoSuchExport")
        assert.include(other.detail, "ping is func() -> u32 in the component and func() -> string in the contract")
      })
    ))

  it.effect("names a trap as ComponentError, and calls the fresh instance after it", () =>
    scripted((runtime, host) =>
      Effect.gen(function*() {
        let calls = 0
        const code = ({ trap }: scriptedHost.Powers) => ++calls === 1 ? trap("Unreachable") : "pong"
        yield* runtime.startUntyped(host.put("echo", guest("echo", { "echo.ping": code })), {
          backoff: { base: 0, factor: 1, cap: 0 }
        })
        const { ping } = yield* runtime.client(Echo, "acme:echo")
        const error = yield* Effect.flip(ping())
        assert.deepStrictEqual(error.reason, { _tag: "Trap", category: "Unreachable" })
        while ((yield* runtime.status)[0]?.state !== "Running") yield* Effect.yieldNow
        assert.strictEqual(yield* ping(), "pong")
      })
    ))

  it.effect("calls the component that it names, whoever started it", () =>
    scripted((runtime, host) =>
      Effect.gen(function*() {
        yield* runtime.startUntyped(host.put("first", guest("echo")))
        const second = host.put("second", guest("echo", { "echo.ping": () => "second" }))
        const first = yield* runtime.client(Echo, "acme:first")
        const layered = Effect.gen(function*() {
          const { ping } = yield* runtime.client(Echo, "acme:second")
          return [yield* first.ping(), yield* ping(), yield* Echo.use((echo) => echo.ping())]
        })
        assert.deepStrictEqual(yield* Effect.provide(layered, Component.layer(Echo, second)), [
          "pong",
          "second",
          "second"
        ])
        assert.strictEqual((yield* Effect.flip(runtime.client(Echo, "acme:second"))).reason, "NotRunning")
      })
    ))
})
