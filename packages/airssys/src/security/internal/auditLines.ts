import * as Effect from "effect/Effect"
import type { AuditError } from "../AuditError.ts"
import type { AuditStore, Segment } from "../AuditStore.ts"
import { longestLine } from "./auditFormat.ts"

const lineEnd = 0x0a

const pieceSize = 262_144

/**
 * A line and where it ends in its segment. Its text is undefined where it is no
 * UTF-8 or too long. Only a crash leaves zeros: no text of ours has any.
 */
export interface RawLine {
  readonly text: string | undefined
  readonly hasZeros: boolean
  readonly end: number
}

/**
 * Cuts bytes into lines. What follows the last line end waits for more, and is
 * `rest` when there is none.
 */
export class LineSplitter {
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
  private waiting: Uint8Array = new Uint8Array(0)
  private isTooLong = false
  private hadZeros = false
  private at: number

  constructor(from = 0) {
    this.at = from
  }

  get rest(): number {
    return this.waiting.length
  }

  push(bytes: Uint8Array): ReadonlyArray<RawLine> {
    const lines: Array<RawLine> = []
    let from = 0
    for (let to = bytes.indexOf(lineEnd); to >= 0; to = bytes.indexOf(lineEnd, from)) {
      lines.push(this.line(bytes.subarray(from, to)))
      from = to + 1
    }
    this.keep(bytes.subarray(from))
    return lines
  }

  private line(bytes: Uint8Array): RawLine {
    const whole = this.joined(bytes)
    this.at += whole.length + 1
    const text = this.isTooLong ? undefined : this.decode(whole)
    const hasZeros = this.hadZeros || (text?.includes("\u0000") ?? whole.includes(0))
    this.waiting = new Uint8Array(0)
    this.isTooLong = false
    this.hadZeros = false
    return { text, hasZeros, end: this.at }
  }

  private decode(bytes: Uint8Array): string | undefined {
    try {
      return this.decoder.decode(bytes)
    } catch {
      return undefined
    }
  }

  private joined(bytes: Uint8Array): Uint8Array {
    if (this.waiting.length === 0) return bytes
    const all = new Uint8Array(this.waiting.length + bytes.length)
    all.set(this.waiting)
    all.set(bytes, this.waiting.length)
    return all
  }

  /** Of a line that is too long only its length is kept. */
  private keep(bytes: Uint8Array): void {
    const all = this.joined(bytes)
    if (all.length > longestLine) {
      this.isTooLong = true
      this.hadZeros ||= all.includes(0)
      this.at += all.length - 1
      this.waiting = all.slice(-1)
    } else this.waiting = all.slice()
  }
}

/**
 * Gives the lines of a segment, as long as it was when it was listed, to `use`,
 * which says whether it wants more. Returns how many bytes of an unfinished line
 * are left at the end.
 */
export const forEachLine = Effect.fnUntraced(function*<E>(
  store: AuditStore["Service"],
  segment: Segment,
  from: number,
  use: (line: RawLine) => Effect.Effect<boolean, E>
): Effect.fn.Return<number, E | AuditError> {
  const splitter = new LineSplitter(from)
  for (let at = from; at < segment.length;) {
    const bytes = yield* store.read(segment.id, at, Math.min(pieceSize, segment.length - at))
    if (bytes.length === 0) break
    at += bytes.length
    for (const line of splitter.push(bytes)) if (!(yield* use(line))) return 0
  }
  return splitter.rest
})
