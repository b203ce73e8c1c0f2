/**
 * The guest of the runtime suite: one core module, hosted under as many names
 * as a row needs.
 */
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools"
import { Contract } from "airssys"
import type { ComponentError } from "airssys/component/ComponentError"
import type * as Effect from "effect/Effect"

const workId = "bench:runtime/work@0.1.0"
const clockId = "airssys:core/clock@0.1.0"

/** Makes a component of a core module in WAT and its world in WIT. */
export const assemble = async (wat: string, witSource: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await componentNew(await componentEmbed({ binary: await parse(wat), witSource })))

const wit = `package bench:runtime@0.1.0;

interface work {
  add: func(a: u32, b: u32) -> u32;
  /// One more, after a look at the clock; 0 if that was denied.
  checked: func(a: u32) -> u32;
}

world suite {
  import ${clockId};
  export work;
}

package airssys:core@0.1.0 {
  interface types {
    variant error { access-denied, invalid-argument(string), not-found, timed-out, exhausted, unavailable, failed(string) }
  }
  interface clock {
    use types.{error};
    monotonic: func() -> result<u64, error>;
  }
}
`

const wat = `(module
  (import "${clockId}" "monotonic" (func $monotonic (param i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "${workId}#add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "${workId}#checked") (param i32) (result i32)
    (call $monotonic (i32.const 16))
    (if (result i32) (i32.load8_u (i32.const 16))
      (then (i32.const 0))
      (else (i32.add (local.get 0) (i32.const 1)))))
)`

export const artifact = (): Promise<Uint8Array<ArrayBuffer>> => assemble(wat, wit)

/** Little enough fuel to be called at once, and so much that others have to have their turns meanwhile. */
export type Fuel = "immediate" | "yieldable"

const fuels: Readonly<Record<Fuel, number>> = { immediate: 1_000_000, yieldable: 1_000_000_000 }

export const manifest = (name: string, fuel: Fuel): string =>
  `schema = 1
[component]
namespace = "bench"
name = "${name}"
version = "0.1.0"
world = "bench:${name}/suite@0.1.0"
[build]
command = "none"
output = "guest.wasm"
[limits]
memory = "1 MiB"
fuel = ${fuels[fuel]}
timeout = "10 s"
[[capability]]
reason = "To look at it."
clock = true
`

const u32 = { kind: "u32" } as const

/** The guest as a service. */
export class Guest extends Contract.Service<Guest, {
  readonly add: (a: number, b: number) => Effect.Effect<number, ComponentError>
  readonly checked: (a: number) => Effect.Effect<number, ComponentError>
}>()(workId, {
  add: Contract.func(workId, "add", [["a", u32], ["b", u32]], u32, undefined),
  checked: Contract.func(workId, "checked", [["a", u32]], u32, undefined)
}) {}
