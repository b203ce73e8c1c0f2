/**
 * A guest whose functions never return, each spinning in another way, but for one that does at once.
 */
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools"

export const hostId = "bench:spin/host@0.1.0"
export const spinId = "bench:spin/spin@0.1.0"

export const kinds = [
  "empty-loop",
  "table-fill",
  "memory-fill",
  "throw",
  "async-import",
  "log",
  "random"
] as const

export type Kind = typeof kinds[number]

const wit = `package bench:spin@0.1.0;

interface host {
  log: func(text: string);
  random: func(length: u32) -> list<u8>;
  later: func() -> u32;
}

interface spin {
  nothing: func();
  ${kinds.map((kind) => `${kind}: func();`).join("\n  ")}
}

world guest {
  import host;
  export spin;
}
`

const forever = (kind: Kind, body: string): string =>
  `(func (export "${spinId}#${kind}") (loop $again ${body} (br $again)))`

const wat = `(module
  (import "${hostId}" "log" (func $log (param i32 i32)))
  (import "${hostId}" "random" (func $random (param i32 i32)))
  (import "${hostId}" "later" (func $later (result i32)))
  (memory (export "memory") 16)
  (table $table 50000 funcref)
  (tag $thrown (param i32))

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))

  (func (export "${spinId}#nothing"))
  ${forever("empty-loop", "")}
  ${forever("table-fill", "(table.fill $table (i32.const 0) (ref.null func) (i32.const 50000))")}
  ${forever("memory-fill", "(memory.fill (i32.const 0) (i32.const 7) (i32.const 1048576))")}
  ${
  forever(
    "throw",
    "(block $caught (result i32) (try_table (catch $thrown $caught) (throw $thrown (i32.const 1))) (i32.const 0)) (drop)"
  )
}
  ${forever("async-import", "(drop (call $later))")}
  ${forever("log", "(call $log (i32.const 8192) (i32.const 1024))")}
  ${forever("random", "(call $random (i32.const 1024) (i32.const 0))")}
)`

export const component = async (): Promise<Uint8Array> =>
  componentNew(await componentEmbed({ binary: await parse(wat), witSource: wit }))
