import * as Effect from "effect/Effect"
import { AuditError } from "../AuditError.ts"
import type { AuditStore } from "../AuditStore.ts"

/** Bytes as they were appended. */
class Chunks {
  private chunks: Array<Uint8Array> = []
  length = 0

  add(bytes: Uint8Array): void {
    this.chunks.push(bytes.slice())
    this.length += bytes.length
  }

  read(from: number, most: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(most, this.length - from)))
    let at = 0
    for (const chunk of this.chunks) {
      const start = Math.max(from, at)
      const end = Math.min(from + bytes.length, at + chunk.length)
      if (start < end) bytes.set(chunk.subarray(start - at, end - at), start - from)
      at += chunk.length
    }
    return bytes
  }

  cut(length: number): void {
    this.chunks = [this.read(0, length)]
    this.length = Math.min(length, this.length)
  }
}

export const make = (): AuditStore["Service"] => {
  const segments = new Map<number, Chunks>()

  const inSegment = <A>(id: number | undefined, use: (chunks: Chunks) => A): Effect.Effect<A, AuditError> =>
    Effect.suspend(() => {
      const chunks = id === undefined ? undefined : segments.get(id)
      return chunks === undefined
        ? Effect.fail(new AuditError({ reason: "Unreadable", detail: `memory has no segment ${id ?? ""}` }))
        : Effect.sync(() => use(chunks))
    })

  const last = (): number | undefined => [...segments.keys()].at(-1)

  return {
    name: "memory",
    segments: Effect.sync(() => Array.from(segments, ([id, { length }]) => ({ id, length }))),
    read: (segment, from, most) => inSegment(segment, (chunks) => chunks.read(from, most)),
    append: (bytes) => Effect.suspend(() => inSegment(last(), (chunks) => chunks.add(bytes))),
    begin: (segment, bytes) =>
      Effect.sync(() => {
        const chunks = new Chunks()
        chunks.add(bytes)
        segments.set(segment, chunks)
      }),
    cut: (length) => Effect.suspend(() => inSegment(last(), (chunks) => chunks.cut(length))),
    remove: (segment) => Effect.sync(() => void segments.delete(segment))
  }
}
