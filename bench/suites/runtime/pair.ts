/**
 * Two components of one artifact: `bench:near` requests of `bench:far`, whose
 * reply is the payload that it was sent.
 */
import { Grant } from "airssys"
import * as Effect from "effect/Effect"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import * as Work from "../component/Work.ts"
import { assemble } from "./guest.ts"
import * as hosting from "./hosting.ts"

const wit = `package bench:pair@0.1.0;

world peer {
  import airssys:core/messaging@0.1.0;
  export airssys:core/message-handler@0.1.0;
  /// Requests so many times, one after the other; how many replies came.
  export relay: func(times: u32) -> u32;
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
    use types.{component-id, error, milliseconds, payload};
    request: func(to: component-id, payload: payload, timeout: milliseconds) -> result<payload, error>;
  }
  interface message-handler {
    use types.{error, message-id, payload, sender};
    record message { id: message-id, sender: sender, topic: option<string>, wants-reply: bool, payload: payload }
    handle-message: func(message: message) -> result<option<payload>, error>;
  }
}
`

/** Sends the JSON text `7`; what arrives is written from 1024 on, and forgotten with the next. */
const wat = `(module
  (import "airssys:core/messaging@0.1.0" "request"
    (func $request (param i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 512) "benchfar7")
  (global $free (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "relay") (param $left i32) (result i32) (local $replies i32)
    (loop $again
      (global.set $free (i32.const 1024))
      (call $request (i32.const 512) (i32.const 5) (i32.const 517) (i32.const 3)
        (i32.const 1) (i32.const 520) (i32.const 1) (i32.const 10000) (i32.const 64))
      (local.set $replies (i32.add (local.get $replies) (i32.eqz (i32.load8_u (i32.const 64)))))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $replies))
  (func (export "airssys:core/message-handler@0.1.0#handle-message")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (param $codec i32) (param $at i32) (param $size i32)
    (result i32)
    (global.set $free (i32.const 1024))
    (i32.store8 (i32.const 128) (i32.const 0))
    (i32.store8 (i32.const 132) (i32.const 1))
    (i32.store8 (i32.const 136) (local.get $codec))
    (i32.store (i32.const 140) (local.get $at))
    (i32.store (i32.const 144) (local.get $size))
    (i32.const 128))
)`

const manifest = (name: string): string =>
  `schema = 1
[component]
namespace = "bench"
name = "${name}"
version = "0.1.0"
world = "bench:${name}/peer@0.1.0"
[build]
command = "none"
output = "guest.wasm"
[limits]
memory = "1 MiB"
timeout = "60 s"
[messages]
accepts = ["json"]
sends = ["json"]
[[capability]]
reason = "To be answered."
messaging.send = ["bench:far"]
`

/** Requests in one call of `relay`. */
export const perCall = 100

export const requests = async (): Promise<SuiteWork> => {
  const artifact = await assemble(wat, wit)
  const { close, runtime } = await hosting.open({
    "bench:near": { manifest: manifest("near"), artifact },
    "bench:far": { manifest: manifest("far"), artifact }
  })
  const grants = [Grant.make("messaging.send", ["bench:far"], { reason: "To be answered." })]
  await Effect.runPromise(
    Effect.forEach(["bench:far", "bench:near"], (id) => runtime.startUntyped(id, { tier: "inline", grants }), {
      discard: true
    })
  )
  const relay = Effect.map(runtime.call("bench:near", "relay", [perCall]), ({ value }) => value as number)
  return Work.adding(async (count) => {
    let replies = 0
    for (let left = count; left > 0; left -= perCall) replies += await Effect.runPromise(relay)
    return replies
  }, close)
}
