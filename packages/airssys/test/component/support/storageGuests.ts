/** Guests that store: one that forwards every function, and one that counts. */
import * as fs from "node:fs"
import * as path from "node:path"
import { type Forwarded, forwardingGuest } from "./forwardingGuest.ts"
import { component, memory } from "./guests.ts"

const wit = path.resolve(import.meta.dirname, "../../../../../wit/core")

const interfaceOf = (name: string): string =>
  fs.readFileSync(path.join(wit, `${name}.wit`), "utf8").replace(/^package [^;]+;/u, "")

/** `airssys:core` as it is published, as far as it is needed. */
const core = `package airssys:core@0.1.0 {\n${interfaceOf("types")}\n${interfaceOf("storage")}\n}\n`

const owner = "airssys:core/storage@0.1.0"
const text = ["i32", "i32"] as const

const functions: ReadonlyArray<Forwarded> = [
  { name: "get", type: "func(key: string) -> result<option<entry>, error>", params: text },
  { name: "exists", type: "func(key: string) -> result<bool, error>", params: text },
  { name: "usage", type: "func(key: string) -> result<amounts, error>", params: text },
  {
    name: "list-keys",
    type: "func(prefix: string, cursor: option<string>, limit: u32) -> result<page, error>",
    params: [...text, "i32", ...text, "i32"] as const
  },
  {
    name: "set",
    type: "func(key: string, value: list<u8>) -> result<revision, error>",
    params: [...text, ...text] as const
  },
  { name: "delete", type: "func(key: string) -> result<bool, error>", params: text },
  {
    name: "compare-and-set",
    type: "func(key: string, expected: option<revision>, value: option<list<u8>>) -> result<outcome, error>",
    params: [...text, "i32", "i64", "i32", ...text] as const
  },
  {
    name: "commit",
    type: "func(expected: list<expectation>, changes: list<change>) -> result<outcome, error>",
    params: [...text, ...text] as const
  }
].map((one) => ({ ...one, result: "memory" }))

/** `acme:probe/probe` has every function of `airssys:core/storage`. */
export const storingGuest = (): Promise<Uint8Array<ArrayBuffer>> =>
  forwardingGuest({
    owner,
    functions,
    types: `use airssys:core/types@0.1.0.{error};
  use airssys:core/storage@0.1.0.{entry, page, amounts, revision, outcome, expectation, change};`,
    packages: core
  })

const [got, swapped, counted, next] = [1024, 1088, 1152, 1216]
const key = "counters/visits"

/**
 * `acme:probe/probe.increase` adds one to a stored number of eight bytes, by
 * compare-and-set, and gives the sum. What it is denied it gives on.
 */
export const countingGuest = (): Promise<Uint8Array<ArrayBuffer>> =>
  component(
    `(module
 (import "${owner}" "get" (func $get (param i32 i32 i32)))
 (import "${owner}" "compare-and-set" (func $swap (param i32 i32 i32 i64 i32 i32 i32 i32)))
 ${memory(1, `(data (i32.const 16) "${key}")`)}
 (func (export "acme:probe/probe@1.0.0#increase") (result i32)
   (loop $again
     (call $get (i32.const 16) (i32.const ${key.length}) (i32.const ${got}))
     (if (i32.load8_u (i32.const ${got})) (then (return (i32.const ${got}))))
     (i64.store (i32.const ${next}) (i64.const 1))
     (if (i32.load8_u (i32.const ${got + 8}))
       (then (i64.store (i32.const ${next})
         (i64.add (i64.const 1) (i64.load (i32.load (i32.const ${got + 16})))))))
     (call $swap (i32.const 16) (i32.const ${key.length})
       (i32.load8_u (i32.const ${got + 8})) (i64.load (i32.const ${got + 24}))
       (i32.const 1) (i32.const ${next}) (i32.const 8) (i32.const ${swapped}))
     (if (i32.load8_u (i32.const ${swapped})) (then (return (i32.const ${swapped}))))
     (br_if $again (i32.load8_u (i32.const ${swapped + 8}))))
   (i32.store8 (i32.const ${counted}) (i32.const 0))
   (i64.store (i32.const ${counted + 8}) (i64.load (i32.const ${next})))
   (i32.const ${counted}))
)`,
    `package acme:probe@1.0.0;
interface probe {
  use airssys:core/types@0.1.0.{error};
  increase: func() -> result<u64, error>;
}
world plugin {
  import ${owner};
  export probe;
}
${core}`
  )
