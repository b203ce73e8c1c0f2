/**
 * WASI 0.2 without a system behind it: no arguments, files, sockets or
 * terminals, a clock that stands still during a message, numbers that can be
 * foretold, and streams that are at their end or discard.
 *
 * A grant of `clock`, `random` or `log` makes these three real, each call anew.
 * Handles of guests are told apart by the class of what they stand for: a
 * component that declares other types than WASI has gains nothing by it.
 */
import type { Guest } from "../HostFunction.ts"
import { Generator } from "./generator.ts"
import { type Functions, stop } from "./serving.ts"
import type { functions } from "./wasiBindings.ts"
import { Input, Network, Output, Pollable, room } from "./wasiResources.ts"

export type Wasi = Functions<typeof functions>

const ok = (val?: unknown) => ({ tag: "ok", val })
const closed = { tag: "err", val: { tag: "closed" } } as const
const denied = { tag: "err", val: "access-denied" } as const
const none = () => undefined
const empty = () => []
const millisecond = 1_000_000
const mostRandom = 65_536

/** The functions for one instance. */
export const make = (guest: Guest): Wasi => ({
  ...environment,
  ...streams(guest),
  ...clocks(guest),
  ...random(guest),
  "wasi:filesystem/preopens@0.2": { "get-directories": empty },
  "wasi:filesystem/types@0.2": { "filesystem-error-code": none },
  "wasi:sockets/instance-network@0.2": { "instance-network": () => new Network() },
  "wasi:sockets/network@0.2": { "network-error-code": none },
  "wasi:sockets/tcp-create-socket@0.2": { "create-tcp-socket": () => denied },
  "wasi:sockets/udp-create-socket@0.2": { "create-udp-socket": () => denied },
  "wasi:sockets/ip-name-lookup@0.2": { "resolve-addresses": () => denied }
})

const exit = (): never => stop("Cancelled", "the guest ended itself")

const environment = {
  "wasi:cli/environment@0.2": { "get-environment": empty, "get-arguments": empty, "initial-cwd": none },
  "wasi:cli/exit@0.2": { "exit": exit, "exit-with-code": exit },
  "wasi:cli/terminal-stdin@0.2": { "get-terminal-stdin": none },
  "wasi:cli/terminal-stdout@0.2": { "get-terminal-stdout": none },
  "wasi:cli/terminal-stderr@0.2": { "get-terminal-stderr": none }
}

const read = (_: unknown, self: unknown) => (Input.of(self), closed)
const splice = (_: unknown, self: unknown, source: unknown) => (Output.of(self), Input.of(source), closed)
const flush = (_: unknown, self: unknown) => (Output.of(self), ok())
const zeroes = flush
const write = (real: boolean, self: unknown, given: unknown) => {
  const output = Output.of(self)
  const bytes = Output.bytes(given)
  if (real) output.write(bytes)
  return ok()
}

const streams = ({ log }: Guest) => {
  const input = new Input()
  const stdout = new Output((line) => log("Info", line, []))
  const stderr = new Output((line) => log("Warn", line, []))
  return {
    "wasi:cli/stdin@0.2": { "get-stdin": () => input },
    "wasi:cli/stdout@0.2": { "get-stdout": () => stdout },
    "wasi:cli/stderr@0.2": { "get-stderr": () => stderr },
    "wasi:io/poll@0.2": {
      "poll": (_: unknown, list: unknown) => Pollable.all(list).map((_, index) => index),
      "[method]pollable.ready": (_: unknown, self: unknown) => (Pollable.of(self), true),
      "[method]pollable.block": (_: unknown, self: unknown) => void Pollable.of(self)
    },
    "wasi:io/streams@0.2": {
      "[method]input-stream.read": read,
      "[method]input-stream.blocking-read": read,
      "[method]input-stream.skip": read,
      "[method]input-stream.blocking-skip": read,
      "[method]input-stream.subscribe": (_: unknown, self: unknown) => (Input.of(self), new Pollable()),
      "[method]output-stream.check-write": (_: unknown, self: unknown) => (Output.of(self), ok(BigInt(room))),
      "[method]output-stream.write": write,
      "[method]output-stream.blocking-write-and-flush": write,
      "[method]output-stream.flush": flush,
      "[method]output-stream.blocking-flush": flush,
      "[method]output-stream.subscribe": (_: unknown, self: unknown) => (Output.of(self), new Pollable()),
      "[method]output-stream.write-zeroes": zeroes,
      "[method]output-stream.blocking-write-zeroes-and-flush": zeroes,
      "[method]output-stream.splice": splice,
      "[method]output-stream.blocking-splice": splice
    }
  }
}

/** Each message has one moment: when it first looks. */
const clocks = ({ clock, delivery, started }: Guest) => {
  const look = () => ({
    message: delivery()?.id,
    millis: clock.currentTimeMillisUnsafe(),
    nanos: clock.monotonicTimeNanosUnsafe() - started
  })
  let moment = look()
  const at = (real: boolean) => {
    if (real) return look()
    if (moment.message !== delivery()?.id) moment = look()
    return { ...moment, nanos: moment.nanos - moment.nanos % BigInt(millisecond) }
  }
  return {
    "wasi:clocks/wall-clock@0.2": {
      "now": (real: boolean) => {
        const { millis } = at(real)
        const seconds = Math.floor(millis / 1000)
        return { seconds: BigInt(seconds), nanoseconds: Math.floor(millis - seconds * 1000) * millisecond }
      },
      "resolution": () => ({ seconds: 0n, nanoseconds: millisecond })
    },
    "wasi:clocks/monotonic-clock@0.2": {
      "now": (real: boolean) => at(real).nanos,
      "resolution": () => BigInt(millisecond),
      "subscribe-instant": () => new Pollable(),
      "subscribe-duration": () => new Pollable()
    }
  }
}

const random = ({ principal, randomBytes, version }: Guest) => {
  let generator: Generator | undefined
  const draw = (real: boolean, size: number): Uint8Array => {
    if (real) return randomBytes(size)
    generator ??= new Generator(`${principal.id} ${version}`)
    return generator.bytes(size)
  }
  const number = (real: boolean): bigint => {
    const drawn = draw(real, 8)
    return new DataView(drawn.buffer, drawn.byteOffset, 8).getBigUint64(0, true)
  }
  const bytes = (real: boolean, length: unknown): Uint8Array => {
    if (typeof length !== "bigint" || length < 0n || length > mostRandom) {
      return stop("Denied", `gives at most ${mostRandom} bytes at once`)
    }
    return draw(real, Number(length))
  }
  return {
    "wasi:random/random@0.2": { "get-random-bytes": bytes, "get-random-u64": number },
    "wasi:random/insecure@0.2": { "get-insecure-random-bytes": bytes, "get-insecure-random-u64": number },
    "wasi:random/insecure-seed@0.2": { "insecure-seed": (real: boolean) => [number(real), number(real)] }
  }
}
