import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { hash } from "node:crypto"
import { Runtime } from "../../src/Runtime.ts"
import * as Grant from "../../src/security/Grant.ts"
import { sha256 } from "../../src/testing/internal/immediateDigest.ts"
import * as TestComponents from "../../src/testing/TestComponents.ts"
import { component } from "../component/support/guests.ts"

/** `read` gives the monotonic clock of the host in nanoseconds, `nap` after 200 ms; `spin` never returns. */
const artifact = component(
  `(module
    (import "airssys:core/clock@0.1.0" "monotonic" (func $monotonic (param i32)))
    (import "airssys:core/timers@0.1.0" "sleep" (func $sleep (param i32 i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (func (export "acme:watch/watch@1.0.0#read") (result i64)
      (call $monotonic (i32.const 0))
      (if (i32.load8_u (i32.const 0)) (then unreachable))
      (i64.load (i32.const 8)))
    (func (export "acme:watch/watch@1.0.0#nap") (result i64)
      (call $sleep (i32.const 200) (i32.const 0))
      (call $monotonic (i32.const 0))
      (i64.load (i32.const 8)))
    (func (export "acme:watch/watch@1.0.0#spin") (loop $again (br $again))))`,
  `package acme:watch@1.0.0;
   interface watch { read: func() -> u64; nap: func() -> u64; spin: func(); }
   world plugin { import airssys:core/clock@0.1.0; import airssys:core/timers@0.1.0; export watch; }
   package airssys:core@0.1.0 {
     interface types {
       variant error {
         access-denied, invalid-argument(string), not-found, timed-out, exhausted, unavailable, failed(string),
       }
     }
     interface clock { use types.{error}; monotonic: func() -> result<u64, error>; }
     interface timers {
       use types.{error};
       type milliseconds = u32;
       sleep: func(duration: milliseconds) -> result<_, error>;
     }
   }`
)

const manifest = `schema = 1
[component]
namespace = "acme"
name = "watch"
version = "1.0.0"
world = "acme:watch/plugin@1.0.0"
[build]
command = "none"
output = "watch.wasm"
[limits]
memory = "1 MiB"
timeout = "250 ms"
[[capability]]
reason = "Say how late it is."
clock = true
`

/** A runtime with the component that runs, on the clock of the test. */
const watching = Effect.gen(function*() {
  const files = { manifest, artifact: yield* Effect.promise(() => artifact) }
  const services = yield* Layer.build(TestComponents.layer({ "/watch": files }))
  const runtime = Context.get(services, Runtime)
  yield* runtime.startUntyped("/watch", { grants: [Grant.make("clock", { reason: "A test." })] })
  return (name: string) => runtime.call("acme:watch", `watch.${name}`, [])
})

describe("TestComponents", () => {
  it("hashes as the platform does", () => {
    for (let size = 0; size < 200; size++) {
      const data = Uint8Array.from({ length: size }, (_, index) => index * 7 + size)
      assert.deepStrictEqual(sha256(data), Uint8Array.from(hash("sha256", data, "buffer")))
    }
  })

  it.effect("stops a guest that never returns when the test has gone past its limit", () =>
    Effect.gen(function*() {
      const call = yield* watching
      const spinning = yield* Effect.forkChild(Effect.flip(call("spin")), { startImmediately: true })
      yield* TestClock.adjust("249 millis")
      yield* Effect.yieldNow
      assert.isUndefined(spinning.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const { reason } = yield* Fiber.join(spinning)
      assert.deepStrictEqual(reason, { _tag: "DeadlineExceeded", limitMillis: 250 })
    }))

  it.effect("has a component back when the test has gone past its backoff", () =>
    Effect.gen(function*() {
      const call = yield* watching
      const spinning = yield* Effect.forkChild(Effect.flip(call("spin")), { startImmediately: true })
      yield* TestClock.adjust("250 millis")
      yield* Fiber.join(spinning)
      assert.strictEqual((yield* Effect.flip(call("read"))).reason._tag, "Restarting")
      yield* TestClock.adjust("100 millis")
      assert.strictEqual((yield* call("read")).value, 0n)
    }))

  it.effect("lets a guest sleep until the test has gone so far, and says in the receipt how long it took", () =>
    Effect.gen(function*() {
      const call = yield* watching
      const napping = yield* Effect.forkChild(call("nap"), { startImmediately: true })
      yield* TestClock.adjust("199 millis")
      assert.isUndefined(napping.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const { receipt, value } = yield* Fiber.join(napping)
      assert.strictEqual(value, 200_000_000n)
      assert.strictEqual(receipt.nanos, 200_000_000n)
    }))

  it.effect("gives a guest the time of the test, and none of its own in the receipt", () =>
    Effect.gen(function*() {
      const call = yield* watching
      yield* TestClock.adjust("1 hour")
      const { receipt, value } = yield* call("read")
      assert.strictEqual(value, 3_600_000_000_000n)
      assert.strictEqual(receipt.nanos, 0n)
      assert.isAbove(receipt.fuel ?? 0, 0)
    }))
})
