/**
 * Components of three sizes, and the core modules in them.
 *
 * V8 keeps compiled modules by their bytes as long as anybody has them: copies
 * that differ in a few bytes of a custom section are compiled anew.
 */
import { component } from "../component/build.ts"
import { guestId } from "../component/guest.ts"
import { scriptComponent, scriptId } from "../component/scriptGuest.ts"

export interface Guest {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** An export that is called to see that what was loaded runs. */
  readonly probe: {
    readonly owner: string
    readonly name: string
    readonly args: ReadonlyArray<number>
    readonly wanted: number
  }
}

const leb = (value: number): ReadonlyArray<number> =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]

const section = (id: number, content: Uint8Array): ReadonlyArray<Uint8Array> => [
  Uint8Array.from([id, ...leb(content.length)]),
  content
]

/** A component that holds `count` copies of one, instantiates each, and exports an interface of the first. */
const copies = (inner: Uint8Array, count: number, exported: string): Uint8Array<ArrayBuffer> => {
  const name = [...leb(exported.length), ...new TextEncoder().encode(exported)]
  const each = Array.from({ length: count }, (_, index) => index)
  const next = freshly(inner)
  const parts = [
    Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00]),
    ...each.flatMap(() => section(4, next())),
    ...section(5, Uint8Array.from([count, ...each.flatMap((index) => [0x00, index, 0x00])])),
    ...section(6, Uint8Array.from([1, 0x05, 0x00, 0x00, ...name])),
    ...section(11, Uint8Array.from([1, 0x00, ...name, 0x05, ...leb(count), 0x00]))
  ]
  return new Uint8Array(Buffer.concat(parts))
}

const primes = { owner: scriptId, name: "primes", args: [10], wanted: 4 }

export const small = async (): Promise<Guest> => ({
  bytes: await component(),
  probe: { owner: guestId, name: "add", args: [2, 3], wanted: 5 }
})

export const medium = async (): Promise<Guest> => ({ bytes: await scriptComponent(), probe: primes })

/** Eleven QuickJS: there is no larger real guest to be had from the registry's tools here. */
export const large = async (): Promise<Guest> => ({
  bytes: copies(await scriptComponent(), 11, scriptId),
  probe: primes
})

/** Where bytes can be changed that mean nothing: in the producers sections. */
const marks = (bytes: Uint8Array): ReadonlyArray<number> => {
  const text = Buffer.from(bytes).toString("latin1")
  return Array.from(text.matchAll(/proc(?:essed-by|[0-9a-f]{8})/g), ({ index }) => index + 4)
}

/** A function that gives the same component with other bytes in each of its core modules, each time. */
export const freshly = (bytes: Uint8Array): () => Uint8Array<ArrayBuffer> => {
  const places = marks(bytes)
  if (places.length === 0) throw new Error("a component that does not say what made it")
  let stamp = 0
  return () => {
    const copy = Buffer.from(bytes)
    for (const place of places) copy.write((stamp++).toString(16).padStart(8, "0"), place)
    return new Uint8Array(copy)
  }
}

/** The core modules of a component, those of components inside it too. */
export const coreModules = (
  bytes: Uint8Array<ArrayBuffer>,
  from = 0,
  to = bytes.length
): ReadonlyArray<Uint8Array<ArrayBuffer>> => {
  const found: Array<Uint8Array<ArrayBuffer>> = []
  for (let at = from + 8; at < to;) {
    const id = bytes[at++]
    let size = 0
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = bytes[at++] ?? 0
      size |= (byte & 0x7f) << shift
      more = byte >= 0x80
    }
    if (id === 1) found.push(bytes.subarray(at, at + size))
    if (id === 4) found.push(...coreModules(bytes, at, at + size))
    at += size
  }
  return found
}
