import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { fromText } from "../../airssys/test/component/support/guests.ts"
import { classify, uncatchable } from "../src/internal/traps.ts"

describe("traps", () => {
  it.live("cannot be caught by the guest they stop", () =>
    Effect.gen(function*() {
      const bytes = yield* Effect.promise(() =>
        fromText(`(module (import "" "stop" (func $stop)) (func (export "run") (result i32)
          (block $caught (try_table (catch_all $caught) (call $stop)) (return (i32.const 0))) (i32.const 1)))`)
      )
      const run = (stop: () => void) =>
        (new WebAssembly.Instance(new WebAssembly.Module(bytes), { "": { stop } }).exports["run"] as () => number)()
      assert.strictEqual(
        run(() => {
          throw new Error("an ordinary one")
        }),
        1
      )
      assert.throws(() =>
        run(() => {
          throw uncatchable()
        }), WebAssembly.RuntimeError)
    }))

  it("have the category of what V8 says", () => {
    assert.strictEqual(classify(new RangeError("Maximum call stack size exceeded")).category, "StackOverflow")
    assert.strictEqual(classify(new RangeError("Invalid typed array length: 7")).category, "MemoryOutOfBounds")
    assert.strictEqual(classify(new WebAssembly.RuntimeError("something new")).category, "Other")
    assert.strictEqual(classify({ message: "unreachable" }).category, "Other")
  })
})
