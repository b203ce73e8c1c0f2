import { assert, describe, it } from "@effect/vitest"
import { componentize } from "componentize-qjs"
import { Effect, Layer, Logger, Scope } from "effect"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { TestClock } from "effect/testing"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeAll } from "vitest"
import { type ComponentDirectory, layer as layerDirectory } from "../../src/component/ComponentDirectory.ts"
import { layer as layerEngine } from "../../src/component/ComponentEngine.ts"
import * as Delivery from "../../src/component/Delivery.ts"
import * as HostServices from "../../src/component/HostServices.ts"
import * as wasiBindings from "../../src/component/internal/wasiBindings.ts"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"
import * as Runtime from "../../src/Runtime.ts"
import { AuditLog, layerMemory } from "../../src/security/AuditLog.ts"
import { CapabilityEnforcer, layer as layerEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import { component, memory } from "./support/guests.ts"

const wit = `package acme:probe@1.0.0;
interface probe {
  look: func() -> string;
  say: func(text: string);
}
world plugin { export probe; }
`

const source = `
export const probe = {
  look() {
    return JSON.stringify({
      now: Date.now(),
      later: (() => { for (let i = 0; i < 1000; i++); return Date.now() })(),
      random: Math.random(),
      globals: ["process", "require", "fetch", "std", "os", "WebSocket"].filter((name) => name in globalThis)
    })
  },
  say(text) { throw new Error(text) }
}
`

const manifest = `schema = 1
[component]
namespace = "acme"
name = "probe"
version = "1.0.0"
world = "acme:probe/plugin@1.0.0"
[build]
command = "none"
output = "probe.wasm"
[limits]
memory = "32 MiB"
timeout = "30 s"
[[capability]]
reason = "Look at the time and say so."
clock = true
log = true
`

/** What componentize-qjs makes of a program when nobody tells it to leave WASI out. */
const toolchain = async (): Promise<Uint8Array> => {
  const folder = await mkdtemp(join(tmpdir(), "wasi-"))
  try {
    await writeFile(join(folder, "probe.wit"), wit)
    const built = await componentize({ witPath: folder, jsSource: source, sync: true, stubWasi: false, optSize: true })
    return built.component
  } finally {
    await rm(folder, { recursive: true })
  }
}

let artifact = new Uint8Array()

beforeAll(async () => {
  artifact = new Uint8Array(await toolchain())
}, 60_000)

const started = 1_800_000_000_000

const grants = [Grant.make("clock", { reason: "Fine." }), Grant.make("log", { reason: "Fine." })]

/** Starts the component at a time of the test clock and gives it to the test. */
const running = <A, E>(
  options: {
    readonly grants: ReadonlyArray<Grant.Grant>
    readonly lines?: Array<unknown>
    readonly artifact?: Uint8Array
    readonly manifest?: string
  },
  test: (call: (name: string, ...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>) => Effect.Effect<
    A,
    E,
    AuditLog | CapabilityEnforcer | Runtime.Runtime
  >
) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(started)
    const runtime = yield* Runtime.Runtime
    yield* runtime.startUntyped("/plugins/probe", { grants: options.grants, tier: "inline" })
    return yield* test((name, ...args) =>
      Effect.map(runtime.call("acme:probe", `probe.${name}`, args), ({ value }) => value)
    )
  }).pipe(
    Effect.provide(
      Runtime.layer.pipe(
        Layer.provide([
          layerEngine,
          ReleaseSource.layerMemory({
            "/plugins/probe": {
              manifest: options.manifest ?? manifest,
              artifact: options.artifact ?? artifact
            }
          })
        ]),
        Layer.provide(Logger.layer([
          Logger.make(({ message }) => {
            options.lines?.push(Array.isArray(message) ? message[0] : message)
          })
        ]))
      )
    )
  )

const events = Effect.flatMap(AuditLog, ({ entries }) => Effect.map(entries, (all) => all.map(({ event }) => event)))

const inertUses = Effect.map(events, (all) => all.flatMap((event) => event._tag === "InertUsed" ? [event] : []))

const uses = Effect.map(events, (all) => all.flatMap((event) => event._tag === "CapabilityUsed" ? [event.kind] : []))

describe("a component of an ordinary toolchain", () => {
  it.effect("runs with nothing granted, and finds nothing", () =>
    running({ grants: [] }, (call) =>
      Effect.gen(function*() {
        const seen = JSON.parse(String(yield* call("look")))
        assert.deepStrictEqual(seen.globals, [])
        assert.deepStrictEqual([seen.now, seen.later], [started, started])
        assert.deepStrictEqual(yield* uses, [])
      })))

  it.effect("has the first use of each inert function audited, and the others counted when it ends", () =>
    running({ grants: [] }, (call) =>
      Effect.gen(function*() {
        yield* call("look")
        yield* call("look")
        const [first, ...more] = yield* inertUses
        assert.deepStrictEqual([first?.import, first?.count], ["wasi:clocks/wall-clock@0.2#now", undefined])
        assert.deepStrictEqual(more, [])
        yield* (yield* Runtime.Runtime).stop("acme:probe")
        assert.deepStrictEqual((yield* inertUses).map(({ count, import: name }) => [name, count]), [
          ["wasi:clocks/wall-clock@0.2#now", undefined],
          ["wasi:clocks/wall-clock@0.2#now", 3]
        ])
      })))

  it.effect("panics to nowhere without log, and to the log with it", () =>
    Effect.gen(function*() {
      const panics = Effect.fnUntraced(function*(held: ReadonlyArray<Grant.Grant>) {
        const lines: Array<unknown> = []
        const [used, inert] = yield* running({ grants: held, lines }, (call) =>
          Effect.gen(function*() {
            const error = yield* Effect.flip(call("say", "over\u202e and\u0007 out"))
            assert.include(String(error), "unreachable")
            return [yield* uses, (yield* inertUses).map((event) => event.import)] as const
          }))
        return { said: lines.filter((line) => String(line).includes("over")), used: new Set(used), inert }
      })
      const silent = yield* panics([])
      assert.deepStrictEqual([silent.said, silent.used], [[], new Set()])
      assert.include(silent.inert, "wasi:io/streams@0.2#[method]output-stream.write")
      const heard = yield* panics(grants)
      assert.lengthOf(heard.said, 1)
      assert.notMatch(String(heard.said), /[\u202e\u0007]/)
      assert.deepStrictEqual(heard.used, new Set(["log"]))
    }))

  it.effect("has the clock that it is granted, until it is revoked", () =>
    running({ grants }, (call) =>
      Effect.gen(function*() {
        yield* call("look")
        assert.deepStrictEqual(new Set(yield* uses), new Set(["clock"]))
        assert.deepStrictEqual(yield* inertUses, [])
        const probe = Principal.make({ kind: "Component", id: "acme:probe" })
        yield* CapabilityEnforcer.use((enforcer) => enforcer.revoke(probe, { kind: "clock", reason: "Enough." }))
        yield* call("look")
        assert.lengthOf(yield* inertUses, 1)
      })))
})

describe("WASI of a component whose uses are recorded before they happen", () => {
  const recorded = `${manifest}random = true\naudit = "before-use"\n`
  const secure = Grant.make("random", { reason: "Fine." })

  /** Draws when it is told to, or when it is instantiated. */
  const drawing = (isAtStart: boolean) =>
    Effect.promise(() =>
      component(
        `(module
          (import "wasi:random/random@0.2.7" "get-random-u64" (func $random (result i64)))
          (func $draw (drop (call $random)))
          ${isAtStart ? "(start $draw)" : ""}
          (func (export "acme:probe/probe@1.0.0#draw") (result i64) (call $random))
          ${memory()})`,
        `package acme:probe@1.0.0;
         interface probe { draw: func() -> u64; }
         world plugin { import wasi:random/random@0.2.7; export probe; }
         package wasi:random@0.2.7 { interface random { get-random-u64: func() -> u64; } }`
      )
    )

  it.effect("is the clock and the log that it is granted", () =>
    Effect.gen(function*() {
      const lines: Array<unknown> = []
      yield* running({ grants, lines, manifest: recorded }, (call) =>
        Effect.gen(function*() {
          const seen = JSON.parse(String(yield* call("look")))
          assert.strictEqual(seen.now, started)
          yield* Effect.flip(call("say", "over and out"))
          assert.deepStrictEqual([...new Set(yield* uses)].toSorted(), ["clock", "log"])
          assert.isFalse((yield* inertUses).some((event) => /clocks|streams/.test(event.import)))
        }))
      assert.lengthOf(lines.filter((line) => String(line).includes("over and out")), 1)
    }))

  it.effect("is random where it is granted, and stops no guest for it", () =>
    Effect.flatMap(
      drawing(false),
      (artifact) =>
        running({ grants: [secure], artifact, manifest: recorded }, (call) =>
          Effect.gen(function*() {
            assert.notStrictEqual(yield* call("draw"), yield* call("draw"))
            assert.deepStrictEqual(yield* uses, ["random", "random"])
            const enforcer = yield* CapabilityEnforcer
            yield* enforcer.revoke(Principal.make({ kind: "Component", id: "acme:probe" }), { reason: "Enough." })
            yield* call("draw")
            assert.deepStrictEqual((yield* inertUses).map((event) => event.import), [
              "wasi:random/random@0.2#get-random-u64"
            ])
          }))
    ))

  it.effect("is inert where it is not granted", () =>
    Effect.flatMap(
      drawing(false),
      (artifact) =>
        running({ grants: [], artifact, manifest: recorded }, (call) =>
          Effect.gen(function*() {
            yield* call("draw")
            assert.lengthOf(yield* inertUses, 1)
            assert.deepStrictEqual(yield* uses, [])
          }))
    ))

  it.effect("is denied where it was granted so while the component ran, which its host is told of once", () =>
    Effect.gen(function*() {
      const lines: Array<unknown> = []
      yield* running({ grants: [], lines }, (call) =>
        Effect.gen(function*() {
          const now = Effect.map(call("look"), (seen): number => JSON.parse(String(seen)).now)
          const enforcer = yield* CapabilityEnforcer
          const before = Grant.make("clock", { reason: "Fine.", audit: "before-use" })
          yield* enforcer.grant(Principal.make({ kind: "Component", id: "acme:probe" }), before)
          for (let times = 0; times < 3; times++) assert.strictEqual(yield* now, started)
          assert.deepStrictEqual(yield* uses, [])
          assert.deepStrictEqual(lines.filter((line) => String(line).includes("before-use")), [
            "acme:probe 1.0.0: clock was granted with audit = \"before-use\" while it ran, and is denied until it is started again"
          ])
        }))
    }))

  it.effect("refuses the start of what uses it before it can wait, and names the import and what to do", () =>
    Effect.flatMap(drawing(true), (artifact) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          running({ grants: [secure], artifact, manifest: recorded }, () => Effect.void)
        )
        assert.include(String(error), "wasi:random/random@0.2")
        assert.include(String(error), "audit = \"before-use\"")
      })))
})

describe("a component that imports WASI of its own making", () => {
  const made = Effect.promise(() =>
    component(
      `(module
        (import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))
        (import "wasi:random/random@0.2.7" "get-random-u64" (func $random (param i32)))
        (func (export "acme:probe/probe@1.0.0#leave") (call $exit (i32.const 0)))
        (func (export "acme:probe/probe@1.0.0#lie") (call $random (i32.const 64)))
        ${memory()})`,
      `package acme:probe@1.0.0;
       interface probe { leave: func(); lie: func(); }
       world plugin { import wasi:cli/exit@0.2.0; import wasi:random/random@0.2.7; export probe; }
       package wasi:cli@0.2.0 { interface exit { exit: func(status: result); } }
       package wasi:random@0.2.7 { interface random { get-random-u64: func() -> string; } }`
    )
  )

  const failing = (name: string) =>
    Effect.flatMap(
      made,
      (bytes) => running({ grants: [], artifact: bytes }, (call) => Effect.map(Effect.flip(call(name)), String))
    )

  it.effect("is ended by its exit", () =>
    Effect.gen(function*() {
      assert.include(yield* failing("leave"), "wasi:cli/exit@0.2.0#exit: the guest ended itself")
    }))

  it.effect("is stopped where it declares other types than it is given", () =>
    Effect.gen(function*() {
      assert.include(yield* failing("lie"), "a host function gave a value of another type")
    }))
})

const wasi = "0.2.12"

/** The functions of one instance. */
const setUp = Effect.fnUntraced(function*(held: ReadonlyArray<Grant.Grant> = []) {
  const enforcer = yield* CapabilityEnforcer
  const principal = Principal.make({ kind: "Component", id: held.length === 0 ? "acme:probe" : "acme:held" })
  const place = { file: "Component.toml", line: 1 }
  yield* enforcer.admit(principal, {
    asks: held.map(({ kind, patterns }) => ({ kind, patterns, reason: "So.", place })),
    grants: held
  })
  const lines: Array<readonly [string, unknown]> = []
  const make = yield* Effect.provide(
    HostServices.make,
    Logger.layer([
      Logger.make(({ logLevel, message }) => {
        lines.push([logLevel, Array.isArray(message) ? message[0] : message])
      })
    ])
  )
  let message = "m1"
  const imports = make(
    {
      principal,
      namespace: "acme",
      name: "probe",
      version: "1.0.0",
      asks: [],
      configuration: new Map(),
      environment: new Map([["KEY", "sk_live"]]),
      delivery: () => message === undefined ? undefined : Delivery.make(message, Delivery.fromHost),
      scope: Scope.makeUnsafe(),
      inert: () => undefined,
      leftBehind: () => undefined,
      denied: () => undefined
    },
    Object.entries(wasiBindings.functions).map(([id, functions]) => ({
      id: id.replace("0.2", wasi),
      functions: Object.keys(functions).map((name) => ({ name, params: [], result: undefined, async: false })),
      types: [],
      resources: []
    }))
  )
  return {
    lines,
    next: (id: string) => {
      message = id
    },
    call: (name: string, ...args: ReadonlyArray<unknown>): unknown => {
      const [id = "", func = ""] = name.split("#")
      const found = imports.get(`wasi:${id}@${wasi}`)?.get(func)
      return found?._tag === "Sync" ? found.call(args) : assert.fail(`${name} is not served`)
    }
  }
})

const kernel = layerEnforcer.pipe(
  Layer.provideMerge(layerMemory()),
  Layer.provide(Digest.layerWebCrypto),
  Layer.merge(Layer.merge(SecureRandom.layerWebCrypto, layerDirectory))
)

const withKernel = <A, E>(
  effect: Effect.Effect<A, E, CapabilityEnforcer | AuditLog | ComponentDirectory | SecureRandom.SecureRandom>
) => Effect.provide(effect, kernel)

const category = (call: () => unknown): unknown => {
  try {
    return call()
  } catch (trap) {
    return (trap as { readonly category: string }).category
  }
}

describe("inert WASI", () => {
  it.effect("has no arguments, values, folders, terminals, names or sockets", () =>
    withKernel(Effect.gen(function*() {
      const { call } = yield* setUp()
      assert.deepStrictEqual(call("cli/environment#get-environment"), [])
      assert.deepStrictEqual(call("cli/environment#get-arguments"), [])
      assert.deepStrictEqual(call("filesystem/preopens#get-directories"), [])
      assert.isUndefined(call("cli/terminal-stdout#get-terminal-stdout"))
      const network = call("sockets/instance-network#instance-network")
      const denied = { tag: "err", val: "access-denied" }
      assert.deepStrictEqual(call("sockets/ip-name-lookup#resolve-addresses", network, "example.com"), denied)
      assert.deepStrictEqual(call("sockets/tcp-create-socket#create-tcp-socket", "ipv4"), denied)
      assert.deepStrictEqual(call("sockets/udp-create-socket#create-udp-socket", "ipv4"), denied)
    })))

  it.effect("ends what exits, whatever its status", () =>
    withKernel(Effect.gen(function*() {
      const { call } = yield* setUp()
      assert.strictEqual(category(() => call("cli/exit#exit", { tag: "ok" })), "Cancelled")
    })))

  it.effect("shows one moment during a message, and real time with clock", () =>
    withKernel(Effect.gen(function*() {
      yield* TestClock.setTime(started)
      const { call, next } = yield* setUp()
      const now = () => call("clocks/wall-clock#now")
      const first = now()
      assert.deepStrictEqual(first, { seconds: BigInt(started / 1000), nanoseconds: 0 })
      const monotonic = call("clocks/monotonic-clock#now")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(now(), first)
      assert.strictEqual(call("clocks/monotonic-clock#now"), monotonic)
      yield* TestClock.adjust("1500 micros")
      next("m2")
      assert.deepStrictEqual(now(), { seconds: BigInt(started / 1000 + 1), nanoseconds: 1_000_000 })
      assert.strictEqual(call("clocks/monotonic-clock#now"), 1_001_000_000n)
      const real = yield* setUp([Grant.make("clock", { reason: "Fine." })])
      const before = real.call("clocks/monotonic-clock#now") as bigint
      yield* TestClock.adjust("1 second")
      assert.strictEqual((real.call("clocks/monotonic-clock#now") as bigint) - before, 1_000_000_000n)
    })))

  it.effect("gives each instance the same numbers, and others with random", () =>
    withKernel(Effect.gen(function*() {
      const draw = ({ call }: { readonly call: (name: string, ...args: ReadonlyArray<unknown>) => unknown }) =>
        call("random/random#get-random-bytes", 32n)
      const known = draw(yield* setUp())
      assert.deepStrictEqual(draw(yield* setUp()), known)
      const secure = [Grant.make("random", { reason: "Fine." })]
      const { call } = yield* setUp(secure)
      assert.notDeepEqual(draw({ call }), draw(yield* setUp(secure)))
      assert.notDeepEqual(draw({ call }), known)
      for (const length of [65_537n, 1n << 40n, -1n, 8, "8", undefined, [8]]) {
        assert.strictEqual(category(() => call("random/random#get-random-bytes", length)), "Denied")
        assert.strictEqual(category(() => call("random/insecure#get-insecure-random-bytes", length)), "Denied")
      }
    })))

  it.effect("gives no number that can be foretold to a guest with random, whose use cannot be recorded", () =>
    Effect.gen(function*() {
      const { call } = yield* setUp([Grant.make("random", { reason: "Fine." })])
      assert.strictEqual(category(() => call("random/random#get-random-bytes", 32n)), "Denied")
      assert.strictEqual(category(() => call("random/random#get-random-u64")), "Denied")
      assert.strictEqual(category(() => call("random/insecure-seed#insecure-seed")), "Denied")
    }).pipe(Effect.provide(
      layerEnforcer.pipe(
        Layer.provideMerge(layerMemory({ quota: { burst: 1, bytesPerSecond: 1 } })),
        Layer.provide(Digest.layerWebCrypto),
        Layer.merge(Layer.merge(SecureRandom.layerWebCrypto, layerDirectory))
      )
    )))

  it.effect("takes no more at once than it said that there is room for", () =>
    withKernel(Effect.gen(function*() {
      for (const held of [[], [Grant.make("log", { reason: "Fine." })]]) {
        const { call } = yield* setUp(held)
        const stdout = call("cli/stdout#get-stdout")
        const write = (size: number) =>
          category(() => call("io/streams#[method]output-stream.write", stdout, new Uint8Array(size).fill(0x0a)))
        const room = call("io/streams#[method]output-stream.check-write", stdout)
        assert.deepStrictEqual(room, { tag: "ok", val: 65_536n })
        assert.deepStrictEqual(write(65_536), { tag: "ok", val: undefined })
        assert.strictEqual(write(65_537), "Denied")
      }
    })))

  it.effect("joins what is written to lines, and keeps no more than one of 8 KiB", () =>
    withKernel(Effect.gen(function*() {
      const { call, lines } = yield* setUp([Grant.make("log", { reason: "Fine." })])
      const stdout = call("cli/stdout#get-stdout")
      const write = (text: string) =>
        call("io/streams#[method]output-stream.write", stdout, new TextEncoder().encode(text))
      write("one\ntw")
      assert.deepStrictEqual(lines, [["Info", "one"]])
      write("o\n")
      write("x".repeat(9_000))
      assert.deepStrictEqual(lines.map(([, text]) => String(text).length), [3, 3, 8_192 + "... (808 more)".length])
      const stderr = call("cli/stderr#get-stderr")
      call("io/streams#[method]output-stream.blocking-write-and-flush", stderr, new TextEncoder().encode("bad\n"))
      assert.deepStrictEqual(lines.at(-1), ["Warn", "bad"])
    })))

  it.effect("stops a guest that uses a handle as something else", () =>
    withKernel(Effect.gen(function*() {
      const { call } = yield* setUp([Grant.make("log", { reason: "Fine." })])
      const stdin = call("cli/stdin#get-stdin")
      const stdout = call("cli/stdout#get-stdout")
      for (
        const wrong of [
          stdin,
          undefined,
          null,
          7,
          {},
          { _tag: "Output" },
          call("io/streams#[method]input-stream.subscribe", stdin)
        ]
      ) {
        assert.strictEqual(
          category(() => call("io/streams#[method]output-stream.write", wrong, new Uint8Array(1))),
          "Denied"
        )
        assert.strictEqual(
          category(() => call("io/streams#[method]output-stream.splice", stdout, wrong === stdin ? 1 : wrong, 1n)),
          "Denied"
        )
      }
      for (const wrong of [stdin, stdout, undefined, [stdin], "x"]) {
        assert.strictEqual(category(() => call("io/poll#poll", wrong)), "Denied")
        assert.strictEqual(category(() => call("io/poll#[method]pollable.block", wrong)), "Denied")
      }
      assert.strictEqual(category(() => call("io/streams#[method]output-stream.write", stdout, "text")), "Denied")
    })))

  it.effect("never waits", () =>
    withKernel(Effect.gen(function*() {
      const { call } = yield* setUp()
      const timer = call("clocks/monotonic-clock#subscribe-duration", 1n << 60n)
      assert.deepStrictEqual(call("io/poll#poll", [timer, timer]), [0, 1])
      const stdin = call("cli/stdin#get-stdin")
      assert.deepStrictEqual(call("io/streams#[method]input-stream.blocking-read", stdin, 1n), {
        tag: "err",
        val: { tag: "closed" }
      })
    })))
})
