/** The texts of guests: a core module in WAT, its world in WIT, its manifest. */
import type { Ending, Guest } from "../HostileGuests.ts"

interface Parts {
  readonly name: string
  /** Ids of interfaces, as `airssys:core/log@0.1.0`. */
  readonly imports?: ReadonlyArray<string> | undefined
  /** What the world has besides, in WIT. */
  readonly world?: string | undefined
  /** What the package has besides, in WIT. */
  readonly wit?: string | undefined
  /** Fields of the module, the imported ones first. */
  readonly imported?: string | undefined
  readonly core: string
  /** The body of `cabi_realloc`, from four i32 to one; by default it gives the same place again and again. */
  readonly realloc?: string | undefined
  /** Pages of its memory at the start, default 1. */
  readonly pages?: number | undefined
  readonly limits?: Limits | undefined
  readonly grants?: Guest["grants"] | undefined
}

interface Limits {
  /** Default 1 MiB. */
  readonly memory?: string | undefined
  /** Default 1,000,000, which is little enough for a call that nothing can suspend; null for none. */
  readonly fuel?: number | null | undefined
  /** Default 30 seconds: what is to end by its fuel does. */
  readonly timeout?: string | undefined
}

export interface Spec extends Parts {
  readonly does: string
  /** Type of `run` in WIT, default `func()`. */
  readonly run?: string | undefined
  readonly args?: ReadonlyArray<unknown> | undefined
  readonly ending: Ending
  readonly isCounted?: boolean | undefined
}

export const trap = (category: Extract<Ending, { readonly _tag: "Trap" }>["category"]): Ending => ({
  _tag: "Trap",
  category
})

export const answered = (value: unknown): Ending => ({ _tag: "Answered", value })

export const forever = (body: string): string => `(loop $again ${body} (br $again))`

/** The export `run` without arguments and result. */
export const run = (body: string): string => `(func (export "run") ${body})`

export const guest = (namespace: string, parts: Parts & { readonly run?: string | undefined }): Guest => ({
  id: `${namespace}:${parts.name}`,
  wat: wat(parts),
  wit: wit(namespace, parts),
  manifest: manifest(namespace, parts),
  grants: parts.grants ?? []
})

const wat = ({ core, imported = "", pages = 1, realloc = "(i32.const 1024)" }: Parts): string =>
  `(module
  ${imported}
  (memory (export "memory") ${pages})
  (global $pings (mut i32) (i32.const 0))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) ${realloc})
  (func (export "ping") (result i32)
    (global.set $pings (i32.add (global.get $pings) (i32.const 1)))
    (global.get $pings))
  ${core})
`

const wit = (
  namespace: string,
  { imports = [], name, run = "func()", wit = "", world = "" }: Parts & { readonly run?: string | undefined }
): string =>
  `package ${namespace}:${name}@1.0.0;
${wit}
world plugin {
${imports.map((id) => `  import ${id};\n`).join("")}  ${world}
  export ping: func() -> u32;
  export run: ${run};
}
${packages}`

/** Of what guests import, as much as these guests use. */
const packages = `
package airssys:core@0.1.0 {
  interface types {
    variant error { access-denied, invalid-argument(string), not-found, timed-out, exhausted, unavailable, failed(string) }
    type milliseconds = u32;
  }
  interface log {
    use types.{error};
    enum level { trace, debug, info, warn, error }
    variant value { text(string), integer(s64), number(f64), boolean(bool) }
    record field { key: string, value: value }
    write: func(level: level, message: string, context: list<field>) -> result<_, error>;
  }
  interface clock {
    use types.{error};
    monotonic: func() -> result<u64, error>;
  }
  interface timers {
    use types.{error, milliseconds};
    sleep: func(duration: milliseconds) -> result<_, error>;
  }
  interface health {
    enum status { healthy, degraded, unhealthy, unknown }
    record report { status: status, detail: option<string> }
    check: func() -> report;
  }
  interface environment {
    use types.{error};
    get: func(name: string) -> result<option<string>, error>;
  }
  interface lifecycle {
    use types.{error, milliseconds};
    record setting { key: string, value: string }
    record limits { memory: u64, fuel: option<u64>, timeout: option<milliseconds> }
    record configuration { settings: list<setting>, limits: limits }
    enum shutdown-reason { stopped, replaced, host-exit }
    init: func(configuration: configuration) -> result<_, error>;
    shutdown: func(reason: shutdown-reason) -> result<_, error>;
  }
}
package test:victim@1.0.0 {
  interface functions {
    throw: func();
    reject: func();
    wait: func();
  }
}
package wasi:io@0.2.0 {
  interface error { resource error; }
  interface streams {
    use error.{error};
    variant stream-error { last-operation-failed(error), closed }
    resource output-stream { blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>; }
  }
}
package wasi:cli@0.2.0 {
  interface exit { exit: func(status: result); }
  interface stdout {
    use wasi:io/streams@0.2.0.{output-stream};
    get-stdout: func() -> output-stream;
  }
}
package wasi:random@0.2.0 {
  interface random { get-random-u64: func() -> u64; }
}
`

const manifest = (namespace: string, { grants = [], limits = {}, name }: Parts): string => {
  const { fuel = 1_000_000, memory = "1 MiB", timeout = "30 s" } = limits
  return `schema = 1
[component]
namespace = "${namespace}"
name = "${name}"
version = "1.0.0"
world = "${namespace}:${name}/plugin@1.0.0"
[build]
command = "none"
output = "guest.wasm"
[limits]
memory = "${memory}"
${fuel === null ? "" : `fuel = ${fuel}\n`}timeout = "${timeout}"
${grants.map((kind) => `[[capability]]\nreason = "It is said to need it."\n${kind} = true\n`).join("")}`
}

export const neighbour = (name: string): Parts & { readonly run: string } => ({
  name,
  imports: ["airssys:core/clock@0.1.0"],
  grants: ["clock"],
  run: "func()",
  world: `export next: func(number: u32) -> result<u32, u32>;
  export read: func(text: string) -> u32;`,
  imported: `(import "airssys:core/clock@0.1.0" "monotonic" (func $monotonic (param i32)))`,
  realloc: `(local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $free) (i32.shl (memory.size) (i32.const 16))))
      (br_if $fits (i32.ne (i32.const -1)
        (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get 3) (i32.const 16))))))
      unreachable)
    (local.get $at)`,
  core: `
  (global $free (mut i32) (i32.const 1024))
  (func (export "read") (param i32 i32) (result i32)
    (global.set $free (i32.const 1024))
    (local.get 1))
  (global $last (mut i32) (i32.const 0))
  (func $answer (param $tag i32) (param $value i32) (result i32)
    (i32.store8 (i32.const 64) (local.get $tag))
    (i32.store (i32.const 68) (local.get $value))
    (i32.const 64))
  (func (export "next") (param $number i32) (result i32)
    (call $monotonic (i32.const 16))
    (if (i32.load8_u (i32.const 16)) (then (return (call $answer (i32.const 1) (i32.const 0)))))
    (global.set $last (i32.add (global.get $last) (i32.const 1)))
    (if (i32.ne (local.get $number) (global.get $last))
      (then (return (call $answer (i32.const 1) (global.get $last)))))
    (call $answer (i32.const 0) (local.get $number)))
  ${run("")}`
})
