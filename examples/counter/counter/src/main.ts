import { isHostError } from "@airssys/sdk/HostError"
import type { Counter, CounterError } from "acme:counter/plugin@1.0.0"
import * as storage from "airssys:core/storage@0.1.0"

const numberOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)

const bytesOf = (count: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, count)
  return bytes
}

/** Tries again where somebody else was faster. */
const add = (key: string, by: number): number => {
  for (;;) {
    const found = storage.get(key)
    const count = by + (found === null ? 0 : numberOf(found.value))
    const outcome = storage.compareAndSet(key, found === null ? null : found.revision, bytesOf(count))
    if (outcome.tag === "committed") return count
  }
}

export const counter: Counter = {
  add(name, by) {
    try {
      return add(`counts/${name}`, by)
    } catch (error) {
      if (!isHostError(error)) throw error
      const { tag } = error.payload as { readonly tag: string }
      throw { tag: tag === "access-denied" ? tag : "unavailable" } satisfies CounterError
    }
  }
}
