/**
 * What ordinary toolchains link whether their program needs it or not, in a
 * form that reaches nothing.
 */
import { inert, open, reliedOn, type Unreachable } from "./binding.ts"

const none = inert("none")
const empty = inert("an empty list")
const ended = inert("the end of the call and of the instance")
const frozen = inert("the time at which it first looked in this message", "clock")
const timer = inert("a timer that is over at once")
const precision = open("a millisecond")
const random = reliedOn("numbers that anybody can foretell: not secure", "random")
const closed = inert("the end of the stream")
const discarded = inert("nothing: what is written is discarded and counted", "log")
const stream = open("a stream of this host")
const ready = open("readiness at once")
const denied = inert("access-denied")

/** By interface without its last number, and function. */
export const functions = {
  "wasi:cli/environment@0.2": { "get-environment": empty, "get-arguments": empty, "initial-cwd": none },
  "wasi:cli/exit@0.2": { "exit": ended, "exit-with-code": ended },
  "wasi:cli/stdin@0.2": { "get-stdin": stream },
  "wasi:cli/stdout@0.2": { "get-stdout": stream },
  "wasi:cli/stderr@0.2": { "get-stderr": stream },
  "wasi:cli/terminal-stdin@0.2": { "get-terminal-stdin": none },
  "wasi:cli/terminal-stdout@0.2": { "get-terminal-stdout": none },
  "wasi:cli/terminal-stderr@0.2": { "get-terminal-stderr": none },
  "wasi:clocks/wall-clock@0.2": { "now": frozen, "resolution": precision },
  "wasi:clocks/monotonic-clock@0.2": {
    "now": frozen,
    "resolution": precision,
    "subscribe-instant": timer,
    "subscribe-duration": timer
  },
  "wasi:random/random@0.2": { "get-random-bytes": random, "get-random-u64": random },
  "wasi:random/insecure@0.2": { "get-insecure-random-bytes": random, "get-insecure-random-u64": random },
  "wasi:random/insecure-seed@0.2": { "insecure-seed": random },
  "wasi:io/poll@0.2": { "poll": ready, "[method]pollable.ready": ready, "[method]pollable.block": ready },
  "wasi:io/streams@0.2": {
    "[method]input-stream.read": closed,
    "[method]input-stream.blocking-read": closed,
    "[method]input-stream.skip": closed,
    "[method]input-stream.blocking-skip": closed,
    "[method]input-stream.subscribe": ready,
    "[method]output-stream.check-write": open("room for 64 KiB"),
    "[method]output-stream.write": discarded,
    "[method]output-stream.blocking-write-and-flush": discarded,
    "[method]output-stream.flush": ready,
    "[method]output-stream.blocking-flush": ready,
    "[method]output-stream.subscribe": ready,
    "[method]output-stream.write-zeroes": inert("nothing: zeroes are discarded"),
    "[method]output-stream.blocking-write-zeroes-and-flush": inert("nothing: zeroes are discarded"),
    "[method]output-stream.splice": closed,
    "[method]output-stream.blocking-splice": closed
  },
  "wasi:filesystem/preopens@0.2": { "get-directories": empty },
  "wasi:filesystem/types@0.2": { "filesystem-error-code": none },
  "wasi:sockets/instance-network@0.2": { "instance-network": inert("a network that reaches nothing") },
  "wasi:sockets/network@0.2": { "network-error-code": none },
  "wasi:sockets/tcp-create-socket@0.2": { "create-tcp-socket": denied },
  "wasi:sockets/udp-create-socket@0.2": { "create-udp-socket": denied },
  "wasi:sockets/ip-name-lookup@0.2": { "resolve-addresses": denied }
} as const

/** Resources that no function of this host gives, and why. */
export const absent: Readonly<Record<string, Readonly<Record<string, Unreachable["because"]>>>> = {
  "wasi:io/error@0.2": { "error": "streams of this host do not fail" },
  "wasi:filesystem/types@0.2": {
    "descriptor": "there are no files",
    "directory-entry-stream": "there are no folders"
  },
  "wasi:sockets/ip-name-lookup@0.2": { "resolve-address-stream": "no name is looked up" },
  "wasi:sockets/tcp@0.2": { "tcp-socket": "there are no sockets" },
  "wasi:sockets/udp@0.2": {
    "udp-socket": "there are no sockets",
    "incoming-datagram-stream": "there are no sockets",
    "outgoing-datagram-stream": "there are no sockets"
  }
}
