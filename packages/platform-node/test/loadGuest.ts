/**
 * A component whose calls take as long as they are told to, in a folder.
 */
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { component, memory } from "../../airssys/test/component/support/guests.ts"

const id = "acme:load/load@1.0.0"

const wit = `package acme:load@1.0.0;
interface load {
  spin: func(rounds: u32) -> u32;
  check: func(value: u32) -> result<u32, u32>;
}
world plugin { export load; }`

const wat = `(module
  ${memory()}
  (func (export "${id}#spin") (param i32) (result i32) (local i32)
    (loop $next
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get 1) (local.get 0))))
    (local.get 1))
  (func (export "${id}#check") (param i32) (result i32)
    (i32.store (i32.const 1024) (i32.gt_u (local.get 0) (i32.const 10)))
    (i32.store (i32.const 1028) (local.get 0))
    (i32.const 1024)))`

export class TooLarge extends Contract.failure("acme:load/TooLarge")<{ readonly value: number }> {}

export class Load extends Contract.Service<Load, {
  readonly spin: (rounds: number) => Effect.Effect<number, ComponentError>
  readonly check: (value: number) => Effect.Effect<number, TooLarge | ComponentError>
}>()("acme:load/plugin@1.0.0", {
  spin: Contract.func(id, "spin", [["rounds", { kind: "u32" }]], { kind: "u32" }, undefined),
  check: Contract.func(
    id,
    "check",
    [["value", { kind: "u32" }]],
    { kind: "result", ok: { kind: "u32" }, err: { kind: "u32" } },
    TooLarge
  )
}) {}

const manifest = (name: string) =>
  `schema = 1
[component]
namespace = "acme"
name = "${name}"
version = "1.0.0"
world = "acme:${name}/plugin@1.0.0"
[build]
command = "none"
output = "out.wasm"
[limits]
memory = "1 MiB"
timeout = "60 s"
`

const write = async (root: string, name: string, bytes: Promise<Uint8Array>): Promise<string> => {
  const folder = join(root, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "Component.toml"), manifest(name))
  writeFileSync(join(folder, "out.wasm"), await bytes)
  return folder
}

/** Writes the component below a folder, and gives its own. */
export const put = (root: string): Promise<string> => write(root, "load", component(wat, wit))

/** Writes a component whose only function asks its host for a price. */
export const putAsking = (root: string): Promise<string> =>
  write(
    root,
    "asking",
    component(
      `(module
        (import "acme:asking/shop@1.0.0" "price" (func $price (result i32)))
        (func (export "acme:asking/asking@1.0.0#ask") (result i32) (call $price)))`,
      `package acme:asking@1.0.0;
      interface shop { price: func() -> u32; }
      interface asking { ask: func() -> u32; }
      world plugin { import shop; export asking; }`
    )
  )
