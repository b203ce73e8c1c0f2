/**
 * A guest that exports what a component actor can, and does in its hooks what a
 * test says. A message or a reply whose first byte is `e` is echoed, `n`
 * answered with nothing, `r` refused with `failed("no")`, `t` a trap and `l` a
 * loop without end.
 */
import { component, memory } from "./guests.ts"

const core = `package airssys:core@0.1.0 {
  interface types {
    variant error { access-denied, invalid-argument(string), not-found, timed-out, exhausted, unavailable, failed(string) }
    record component-id { namespace: string, name: string }
    type message-id = string;
    type milliseconds = u32;
    variant sender { host, operator, component(component-id) }
    enum codec { cbor, json, borsh }
    record payload { codec: codec, bytes: list<u8> }
  }
  interface identity {
    use types.{message-id, sender};
    current-message: func() -> option<message-id>;
    current-sender: func() -> sender;
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
  interface message-handler {
    use types.{error, message-id, payload, sender};
    record message { id: message-id, sender: sender, topic: option<string>, wants-reply: bool, payload: payload }
    handle-message: func(message: message) -> result<option<payload>, error>;
  }
  interface callback-handler {
    use types.{error, message-id, payload};
    handle-callback: func(id: message-id, reply: result<payload, error>) -> result<_, error>;
  }
  interface health {
    enum status { healthy, degraded, unhealthy, unknown }
    record report { status: status, detail: option<string> }
    check: func() -> report;
  }
}
`

const exported = ["lifecycle", "message-handler", "callback-handler", "health"] as const

const wit = (exports: ReadonlyArray<typeof exported[number]>): string =>
  `package acme:probe@1.0.0;
interface probe {
  use airssys:core/types@0.1.0.{error, sender};
  count: func() -> u32;
  current: func() -> option<string>;
  later: func() -> option<string>;
  who: func() -> sender;
  key: func() -> result<option<string>, error>;
  dig: func();
  insist: func();
  spin: func();
}
world plugin {
  import airssys:core/identity@0.1.0;
  import airssys:core/environment@0.1.0;
  export probe;
  ${exports.map((name) => `export airssys:core/${name}@0.1.0;`).join("\n  ")}
}
${core}`

/** What a hook does, in WAT. `$ok` is a result without an error. */
export interface Hooks {
  readonly init?: string
  readonly shutdown?: string
  readonly check?: string
}

export const loop = "(loop $again (br $again))"
export const trap = "unreachable"
/** Answers `failed("no")`. */
export const refuse = "(return (call $no))"

/** A report of health by the number of its status. */
export const report = (status: number): string => `(i32.store8 (i32.const 128) (i32.const ${status}))`

const wat = (hooks: Hooks, exports: ReadonlyArray<typeof exported[number]>): string => {
  const of = (name: typeof exported[number], text: string): string => exports.includes(name) ? text : ""
  return `(module
 (import "airssys:core/identity@0.1.0" "current-message" (func $message (param i32)))
 (import "airssys:core/identity@0.1.0" "current-sender" (func $sender (param i32)))
 (import "airssys:core/environment@0.1.0" "get" (func $get (param i32 i32 i32)))
 ${memory(1, `(data (i32.const 1024) "no") (data (i32.const 1032) "KEY")`)}
 (global $count (mut i32) (i32.const 0))
 (func $next (global.set $count (i32.add (global.get $count) (i32.const 1))))
 (func $ok (result i32)
  (memory.fill (i32.const 64) (i32.const 0) (i32.const 32))
  (i32.const 64))
 (func $no (result i32)
  (i32.store8 (call $ok) (i32.const 1))
  (i32.store8 (i32.const 68) (i32.const 6))
  (i32.store (i32.const 72) (i32.const 1024))
  (i32.store (i32.const 76) (i32.const 2))
  (i32.const 64))
 (func $react (param $first i32)
  (call $next)
  (if (i32.eq (local.get $first) (i32.const ${"t".charCodeAt(0)})) (then unreachable))
  (if (i32.eq (local.get $first) (i32.const ${"l".charCodeAt(0)})) (then ${loop})))
 (func $is-no (param $first i32) (result i32) (i32.eq (local.get $first) (i32.const ${"r".charCodeAt(0)})))
 (func (export "acme:probe/probe@1.0.0#count") (result i32) (global.get $count))
 (func (export "acme:probe/probe@1.0.0#current") (result i32)
  (call $message (i32.const 256)) (i32.const 256))
 (func (export "acme:probe/probe@1.0.0#later") (result i32) (local $left i32)
  (local.set $left (i32.const 20000000))
  (loop $again
   (local.set $left (i32.sub (local.get $left) (i32.const 1)))
   (br_if $again (local.get $left)))
  (call $message (i32.const 256)) (i32.const 256))
 (func (export "acme:probe/probe@1.0.0#who") (result i32)
  (call $sender (i32.const 256)) (i32.const 256))
 (func (export "acme:probe/probe@1.0.0#key") (result i32)
  (call $get (i32.const 1032) (i32.const 3) (i32.const 256)) (i32.const 256))
 (func (export "acme:probe/probe@1.0.0#dig") unreachable)
 (func (export "acme:probe/probe@1.0.0#insist")
  (call $get (i32.const 1032) (i32.const 3) (i32.const 256))
  (if (i32.load8_u (i32.const 256)) (then unreachable)))
 (func (export "acme:probe/probe@1.0.0#spin") ${loop})
 ${
    of(
      "lifecycle",
      `
 (func (export "airssys:core/lifecycle@0.1.0#init") (param i32 i32 i64 i32 i64 i32 i32) (result i32)
  ${hooks.init ?? ""} (call $ok))
 (func (export "airssys:core/lifecycle@0.1.0#shutdown") (param i32) (result i32)
  ${hooks.shutdown ?? ""} (call $ok))`
    )
  }
 ${
    of(
      "message-handler",
      `
 (func (export "airssys:core/message-handler@0.1.0#handle-message")
  (param $id i32) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (param $codec i32) (param $at i32) (param $size i32)
  (result i32) (local $first i32)
  (local.set $first (i32.load8_u (local.get $at)))
  (call $react (local.get $first))
  (if (call $is-no (local.get $first)) (then (return (call $no))))
  (drop (call $ok))
  (if (i32.eq (local.get $first) (i32.const ${"e".charCodeAt(0)})) (then
   (i32.store8 (i32.const 68) (i32.const 1))
   (i32.store8 (i32.const 72) (local.get $codec))
   (i32.store (i32.const 76) (local.get $at))
   (i32.store (i32.const 80) (local.get $size))))
  (i32.const 64))`
    )
  }
 ${
    of(
      "callback-handler",
      `
 (func (export "airssys:core/callback-handler@0.1.0#handle-callback")
  (param i32 i32) (param $is-error i32) (param i32) (param $at i32) (param i32) (result i32)
  (if (i32.eqz (local.get $is-error)) (then
   (call $react (i32.load8_u (local.get $at)))
   (if (call $is-no (i32.load8_u (local.get $at))) (then (return (call $no)))))
   (else (call $next)))
  (call $ok))`
    )
  }
 ${
    of(
      "health",
      `
 (func (export "airssys:core/health@0.1.0#check") (result i32)
  (memory.fill (i32.const 128) (i32.const 0) (i32.const 32))
  ${hooks.check ?? ""} (i32.const 128))`
    )
  }
)`
}

/** A component with all of these exports, or with some. */
export const actorGuest = (
  hooks: Hooks = {},
  exports: ReadonlyArray<typeof exported[number]> = exported
): Promise<Uint8Array<ArrayBuffer>> => component(wat(hooks, exports), wit(exports))

/** The manifest of such a component, `acme:probe` unless it has another name. */
export const manifest = (more = "", limits = "fuel = 1_000_000\ntimeout = \"1 s\"", name = "probe"): string =>
  `schema = 1
[component]
namespace = "acme"
name = "${name}"
version = "1.0.0"
world = "acme:probe/plugin@1.0.0"
[build]
command = "none"
output = "probe.wasm"
[limits]
memory = "1 MiB"
${limits}
${more}`
