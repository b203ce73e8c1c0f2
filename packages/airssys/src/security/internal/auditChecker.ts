import type { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import type { AuditEntry, Verified } from "../AuditEntry.ts"
import { ChainBroken } from "../AuditError.ts"
import type { Hash, TreeHead } from "../MerkleTree.ts"
import * as format from "./auditFormat.ts"
import type { RawLine } from "./auditLines.ts"
import { emptyRoot, Frontier, leafHashOfText } from "./merkleFrontier.ts"

const broken = (at: number, detail: string): ChainBroken => new ChainBroken({ at, detail })

/**
 * Follows a log line by line, from the beginning of any segment on. `sealed` is
 * the last state that a seal, or the beginning of a segment, confirmed; `end`
 * is where that line ended in its segment.
 *
 * A checkpoint is compared when the tree has its size. Where it does not fit,
 * some entry after the last that did was changed, and every hash after it made
 * to fit.
 */
export class Checker {
  frontier: Frontier
  time = 0
  sealed: { readonly size: number; readonly time: number; readonly root: Hash; readonly end: number } | undefined
  /** The tree as it was when it was sealed. */
  sealedFrontier: Frontier
  private first: TreeHead | undefined
  private readonly begins = new Map<number, { readonly root: Hash; readonly time: number }>()
  private cutThrough = 0
  private checked = 0
  private readonly sha256: Digest["Service"]
  private readonly checkpoints: ReadonlyArray<TreeHead>

  constructor(sha256: Digest["Service"], checkpoints: ReadonlyArray<TreeHead> = []) {
    this.sha256 = sha256
    this.frontier = new Frontier(sha256)
    this.sealedFrontier = this.frontier
    this.checkpoints = [...checkpoints].sort((a, b) => a.size - b.size)
  }

  /** Takes a line, and returns the entry if it is one. */
  line({ end, text }: RawLine): Effect.Effect<AuditEntry | undefined, ChainBroken> {
    const line = text === undefined ? undefined : format.read(text)
    const next = this.frontier.size + 1
    if (line === undefined) return Effect.fail(broken(next, "the line is not one of an audit log"))
    if (line._tag === "Segment") return this.segment(line, end)
    if (this.sealed === undefined) return Effect.fail(broken(1, "the beginning of the log is missing"))
    return line._tag === "Entry" ? this.entry(line) : this.seal(line, end)
  }

  private segment(line: Extract<format.Line, { _tag: "Segment" }>, end: number): Effect.Effect<undefined, ChainBroken> {
    return Effect.gen({ self: this }, function*() {
      const edge = new Frontier(this.sha256, line.size, line.nodes)
      const root = yield* edge.root
      if (this.sealed === undefined) {
        this.first = { size: line.size, root }
        this.frontier = edge
        this.time = line.time
      } else if (
        this.sealed.size !== this.frontier.size || line.size !== this.sealed.size || root !== this.sealed.root ||
        line.time !== this.sealed.time
      ) return yield* broken(this.sealed.size + 1, "the segment does not follow from the one before it")
      if (line.size === 0 && line.time !== 0) return yield* broken(1, "it names a time before its first entry")
      this.begins.set(line.size, { root, time: line.time })
      this.sealed = { size: line.size, time: line.time, root, end }
      this.sealedFrontier = this.frontier.copy()
      yield* this.compare()
      return undefined
    })
  }

  private entry(line: Extract<format.Line, { _tag: "Entry" }>): Effect.Effect<AuditEntry, ChainBroken> {
    return Effect.gen({ self: this }, function*() {
      const at = this.frontier.size + 1
      if (line.hash !== (yield* leafHashOfText(this.sha256, line.text))) {
        return yield* broken(at, "its hash is not that of its text")
      }
      const body = format.readBody(line.text)
      if (body === undefined) return yield* broken(at, "its text is not an event of this version")
      if (body.sequence !== at) return yield* broken(at, `it says that it is entry ${body.sequence}`)
      if (body.time < this.time) return yield* broken(at, "its time is before that of the entry before it")
      yield* this.frontier.push(line.hash) ?? Effect.void
      this.time = body.time
      const { event } = body
      if (event._tag === "Cut") {
        const begin = this.begins.get(event.through)
        if (begin !== undefined && (begin.root !== event.root || begin.time !== event.time)) {
          return yield* broken(at, `it records another root or time for the ${event.through} entries that were cut`)
        }
        this.cutThrough = Math.max(this.cutThrough, event.through)
      }
      yield* this.compare()
      return { ...body, hash: line.hash }
    })
  }

  private seal(line: Extract<format.Line, { _tag: "Seal" }>, end: number): Effect.Effect<undefined, ChainBroken> {
    return Effect.gen({ self: this }, function*() {
      const from = (this.sealed?.size ?? 0) + 1
      if (line.size !== this.frontier.size || line.size < from) {
        return yield* broken(from, `a seal says that there are ${line.size} entries and not ${this.frontier.size}`)
      }
      if (line.root !== (yield* this.frontier.root)) {
        return yield* broken(from, `the seal of entries ${from} to ${line.size} does not follow from what is before it`)
      }
      this.sealed = { size: line.size, time: this.time, root: line.root, end }
      this.sealedFrontier = this.frontier.copy()
      return undefined
    })
  }

  private compare(): Effect.Effect<void, ChainBroken> {
    const size = this.frontier.size
    if (!this.checkpoints.some((checkpoint) => checkpoint.size === size)) return Effect.void
    return Effect.gen({ self: this }, function*() {
      const root = yield* this.frontier.root
      if (this.checkpoints.some((checkpoint) => checkpoint.size === size && checkpoint.root !== root)) {
        const from = Math.max(this.checked, this.first?.size ?? 0) + 1
        return yield* broken(from, `entries ${from} to ${size} are not those that the checkpoint names`)
      }
      this.checked = size
    })
  }

  /** What the whole log is worth, once its last line was taken. */
  end(rest: number): Effect.Effect<Verified, ChainBroken> {
    const size = this.frontier.size
    const first = this.first?.size ?? 0
    const sealed = this.sealed ?? { size: 0, root: emptyRoot }
    const newest = this.checkpoints.at(-1)
    if (rest > 0) return Effect.fail(broken(size + 1, "the last line is not finished"))
    if (sealed.size !== size) return Effect.fail(broken(sealed.size + 1, "the last entries have no seal"))
    if (newest !== undefined && newest.size > size) {
      return Effect.fail(broken(size + 1, `the log ends before entry ${newest.size}, which a checkpoint names`))
    }
    if (this.cutThrough < first) {
      return Effect.fail(broken(1, `entries 1 to ${first} are missing, and no cut of them is recorded`))
    }
    return Effect.succeed({
      first: first + 1,
      entries: size - first,
      head: { size, root: sealed.root },
      checked: this.checked
    })
  }
}
