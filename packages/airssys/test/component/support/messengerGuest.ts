/**
 * A guest that sends, requests, publishes and subscribes as its host tells it,
 * and does with a message what its first byte says: `e` echoes it, `n` replies
 * nothing, `r` refuses with `failed("no")`, `l` with 900,000 letters, `t` traps,
 * and `f` requests of
 * `acme:<peer>` what follows, for 10 seconds, and gives that reply or error. An
 * eager one sends, requests and subscribes in its `init`, which fails with the
 * first error that it is told.
 */
import { component, memory } from "./guests.ts"

const witOf = (isEager: boolean): string =>
  `package acme:probe@1.0.0;
interface probe {
  use airssys:core/types@0.1.0.{component-id, error, payload};
  send: func(to: component-id, payload: payload) -> result<string, error>;
  request: func(to: component-id, payload: payload, timeout: u32) -> result<payload, error>;
  publish: func(topic: string, payload: payload) -> result<_, error>;
  start: func(to: component-id, payload: payload, timeout: u32) -> result<u32, error>;
  drop-pending: func(handle: u32);
  pending-id: func(handle: u32) -> string;
  subscribe: func(pattern: string) -> result<u32, error>;
  drop-subscription: func(handle: u32);
  count: func() -> u32;
  callbacks: func() -> u32;
  last: func() -> string;
  die: func();
}
world plugin {
  import airssys:core/messaging@0.1.0;
  import airssys:core/requests@0.1.0;
  import airssys:core/subscriptions@0.1.0;
  export probe;
  export airssys:core/message-handler@0.1.0;
  export airssys:core/callback-handler@0.1.0;${isEager ? "\n  export airssys:core/lifecycle@0.1.0;" : ""}
}
package airssys:core@0.1.0 {
  interface types {
    variant error { access-denied, invalid-argument(string), not-found, timed-out, exhausted, unavailable, failed(string) }
    record component-id { namespace: string, name: string }
    type message-id = string;
    type milliseconds = u32;
    variant sender { host, operator, component(component-id) }
    enum codec { cbor, json, borsh }
    record payload { codec: codec, bytes: list<u8> }
  }
  interface messaging {
    use types.{component-id, error, message-id, milliseconds, payload};
    send: func(to: component-id, payload: payload) -> result<message-id, error>;
    request: func(to: component-id, payload: payload, timeout: milliseconds) -> result<payload, error>;
    publish: func(topic: string, payload: payload) -> result<_, error>;
  }
  interface requests {
    use types.{component-id, error, message-id, milliseconds, payload};
    resource pending { id: func() -> message-id; }
    start: func(to: component-id, payload: payload, timeout: milliseconds) -> result<pending, error>;
  }
  interface subscriptions {
    use types.{error};
    resource subscription { pattern: func() -> string; }
    subscribe: func(pattern: string) -> result<subscription, error>;
  }
  interface message-handler {
    use types.{error, message-id, payload, sender};
    record message { id: message-id, sender: sender, topic: option<string>, wants-reply: bool, payload: payload }
    handle-message: func(message: message) -> result<option<payload>, error>;
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
  interface callback-handler {
    use types.{error, message-id, payload};
    handle-callback: func(id: message-id, reply: result<payload, error>) -> result<_, error>;
  }
}
`

const params = (count: number): string => `(param${" i32".repeat(count)})`
const args = (count: number): string => Array.from({ length: count }, (_, index) => `(local.get ${index})`).join(" ")

/** An export that hands its arguments to an import of the same type. */
const pass = (name: string, count: number, to = name): string =>
  `(func (export "acme:probe/probe@1.0.0#${name}") ${params(count)} (result i32)
  (call $${to} ${args(count)} (i32.const 256)) (i32.const 256))`

const patternAt = 1100
const pattern = "prices.*"

/** What an eager guest does before anything else: each of it with the message "echo". */
const eager = (peer: string): string => {
  const message = `(i32.const 1024) (i32.const 4) (i32.const 1028) (i32.const ${peer.length})
   (i32.const 1) (i32.const 1120) (i32.const 4)`
  const tried = (called: string) => `${called} (if (i32.load8_u (i32.const 256)) (then (return (i32.const 256))))`
  return `
 (data (i32.const ${patternAt}) "${pattern}") (data (i32.const 1120) "echo")
 (func (export "airssys:core/lifecycle@0.1.0#init") (param i32 i32 i64 i32 i64 i32 i32) (result i32)
  ${tried(`(call $subscribe (i32.const ${patternAt}) (i32.const ${pattern.length}) (i32.const 256))`)}
  ${tried(`(call $send ${message} (i32.const 256))`)}
  ${tried(`(call $request ${message} (i32.const 1000) (i32.const 256))`)}
  ${tried(`(call $start ${message} (i32.const 1000) (i32.const 256))`)}
  (memory.fill (i32.const 64) (i32.const 0) (i32.const 32))
  (i32.const 64))
 (func (export "airssys:core/lifecycle@0.1.0#shutdown") (param i32) (result i32)
  (memory.fill (i32.const 64) (i32.const 0) (i32.const 32))
  (i32.const 64))`
}

const wat = (peer: string, isEager: boolean): string =>
  `(module
 (import "airssys:core/messaging@0.1.0" "send" (func $send ${params(8)}))
 (import "airssys:core/messaging@0.1.0" "request" (func $request ${params(9)}))
 (import "airssys:core/messaging@0.1.0" "publish" (func $publish ${params(6)}))
 (import "airssys:core/requests@0.1.0" "start" (func $start ${params(9)}))
 (import "airssys:core/requests@0.1.0" "[method]pending.id" (func $id ${params(2)}))
 (import "airssys:core/requests@0.1.0" "[resource-drop]pending" (func $drop-pending (param i32)))
 (import "airssys:core/subscriptions@0.1.0" "subscribe" (func $subscribe ${params(3)}))
 (import "airssys:core/subscriptions@0.1.0" "[resource-drop]subscription" (func $drop-subscription (param i32)))
 ${memory(1, `(data (i32.const 1024) "acme${peer}no")`)}
 (global $count (mut i32) (i32.const 0))
 (global $callbacks (mut i32) (i32.const 0))
 (global $last (mut i32) (i32.const 0))
 (global $size (mut i32) (i32.const 0))
 ${pass("send", 7)}
 ${pass("request", 8)}
 ${pass("publish", 5)}
 ${pass("start", 8)}
 ${pass("subscribe", 2)}
 ${isEager ? eager(peer) : ""}
 (func (export "acme:probe/probe@1.0.0#pending-id") (param i32) (result i32)
  (call $id (local.get 0) (i32.const 256)) (i32.const 256))
 (func (export "acme:probe/probe@1.0.0#drop-pending") (param i32) (call $drop-pending (local.get 0)))
 (func (export "acme:probe/probe@1.0.0#drop-subscription") (param i32) (call $drop-subscription (local.get 0)))
 (func (export "acme:probe/probe@1.0.0#count") (result i32) (global.get $count))
 (func (export "acme:probe/probe@1.0.0#callbacks") (result i32) (global.get $callbacks))
 (func (export "acme:probe/probe@1.0.0#last") (result i32)
  (i32.store (i32.const 256) (global.get $last))
  (i32.store (i32.const 260) (global.get $size))
  (i32.const 256))
 (func (export "acme:probe/probe@1.0.0#die") unreachable)
 (func $payload (param $codec i32) (param $at i32) (param $size i32) (result i32)
  (i32.store8 (i32.const 64) (i32.const 0))
  (i32.store8 (i32.const 68) (i32.const 1))
  (i32.store8 (i32.const 72) (local.get $codec))
  (i32.store (i32.const 76) (local.get $at))
  (i32.store (i32.const 80) (local.get $size))
  (i32.const 64))
 (func $forward (param $codec i32) (param $at i32) (param $size i32) (result i32)
  (call $request
   (i32.const 1024) (i32.const 4) (i32.const 1028) (i32.const ${peer.length})
   (local.get $codec) (local.get $at) (local.get $size) (i32.const 10000) (i32.const 256))
  (if (result i32) (i32.load8_u (i32.const 256))
   (then (memory.copy (i32.const 64) (i32.const 256) (i32.const 16)) (i32.const 64))
   (else (call $payload (i32.load8_u (i32.const 260)) (i32.load (i32.const 264)) (i32.load (i32.const 268))))))
 (func (export "airssys:core/message-handler@0.1.0#handle-message")
  (param i32) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (param $codec i32) (param $at i32) (param $size i32)
  (result i32) (local $first i32)
  (global.set $count (i32.add (global.get $count) (i32.const 1)))
  (global.set $last (local.get $at))
  (global.set $size (local.get $size))
  (local.set $first (i32.load8_u (local.get $at)))
  (memory.fill (i32.const 64) (i32.const 0) (i32.const 32))
  (if (i32.eq (local.get $first) (i32.const ${"t".charCodeAt(0)})) (then unreachable))
  (if (i32.eq (local.get $first) (i32.const ${"e".charCodeAt(0)}))
   (then (return (call $payload (local.get $codec) (local.get $at) (local.get $size)))))
  (if (i32.eq (local.get $first) (i32.const ${"f".charCodeAt(0)}))
   (then (return (call $forward (local.get $codec)
    (i32.add (local.get $at) (i32.const 1)) (i32.sub (local.get $size) (i32.const 1))))))
  (if (i32.eq (local.get $first) (i32.const ${"r".charCodeAt(0)})) (then
   (i32.store8 (i32.const 64) (i32.const 1))
   (i32.store8 (i32.const 68) (i32.const 6))
   (i32.store (i32.const 72) (i32.const ${1028 + peer.length}))
   (i32.store (i32.const 76) (i32.const 2))))
  (if (i32.eq (local.get $first) (i32.const ${"l".charCodeAt(0)})) (then
   (drop (memory.grow (i32.const 14)))
   (memory.fill (i32.const 65536) (i32.const 108) (i32.const 900000))
   (i32.store8 (i32.const 64) (i32.const 1))
   (i32.store8 (i32.const 68) (i32.const 6))
   (i32.store (i32.const 72) (i32.const 65536))
   (i32.store (i32.const 76) (i32.const 900000))))
  (i32.const 64))
 (func (export "airssys:core/callback-handler@0.1.0#handle-callback")
  (param i32 i32) (param $is-error i32) (param $tag i32) (param $at i32) (param $size i32) (result i32)
  (global.set $callbacks (i32.add (global.get $callbacks) (i32.const 1)))
  (if (i32.eqz (local.get $is-error)) (then
   (global.set $last (local.get $at))
   (global.set $size (local.get $size)))
   (else (global.set $size (i32.const 0))))
  (memory.fill (i32.const 64) (i32.const 0) (i32.const 32))
  (i32.const 64))
)`

export const messengerGuest = (peer: string, isEager = false): Promise<Uint8Array<ArrayBuffer>> =>
  component(wat(peer, isEager), witOf(isEager))
