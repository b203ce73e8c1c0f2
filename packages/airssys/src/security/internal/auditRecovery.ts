import type { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import { AuditError, ChainBroken } from "../AuditError.ts"
import type { AuditStore, Segment } from "../AuditStore.ts"
import type { Hash } from "../MerkleTree.ts"
import { Checker } from "./auditChecker.ts"
import * as format from "./auditFormat.ts"
import { forEachLine } from "./auditLines.ts"
import { emptyRoot, Frontier } from "./merkleFrontier.ts"

/** A log that can be written on. */
export interface Recovered {
  readonly frontier: Frontier
  /** Time of the newest entry, 0 if there is none. */
  readonly time: number
  readonly root: Hash
  readonly segment: { readonly id: number; readonly length: number; readonly since: number | undefined }
  /** How many bytes of an unfinished batch are to be cut. */
  readonly cut: number
  /** Cuts them, and begins a log that is empty. Until then nothing was changed. */
  readonly repair: Effect.Effect<void, AuditError>
}

const tampered = (store: AuditStore["Service"], broken: ChainBroken): AuditError =>
  new AuditError({
    reason: "Tampered",
    detail: `${store.name} fails at entry ${broken.at}: ${broken.detail}. ` +
      "Nothing was changed: move it away to keep it as evidence, then start again"
  })

const longestBeginning = 8192

/** Where the first line that does not fit ends, and whether a crash may have left it. */
interface Misfit {
  readonly broken: ChainBroken
  readonly end: number
  readonly hasZeros: boolean
}

/** What following a segment to its end, or to the first line that does not fit, came to. */
interface Followed {
  readonly checker: Checker
  readonly since: number | undefined
  readonly misfit: Misfit | undefined
}

const follow = Effect.fnUntraced(function*(sha256: Digest["Service"], store: AuditStore["Service"], segment: Segment) {
  const checker = new Checker(sha256)
  let since: number | undefined
  let misfit: Misfit | undefined
  yield* forEachLine(store, segment, 0, (line) =>
    checker.line(line).pipe(
      Effect.map((entry) => {
        since ??= entry?.time
        return true
      }),
      Effect.catchTag("ChainBroken", (broken) =>
        Effect.sync(() => {
          misfit = { broken, end: line.end, hasZeros: line.hasZeros }
          return false
        }))
    ))
  return { checker, since, misfit } satisfies Followed
})

/**
 * Whether a line that does not fit is what a crash left: a piece of the last
 * batch that was never written and reads as zeros. Pieces of a batch may reach
 * the disk in any order, so a seal may be there, but only as the last line: the
 * next batch is begun when this one is durable.
 */
const isTorn = Effect.fnUntraced(function*(store: AuditStore["Service"], segment: Segment, misfit: Misfit) {
  let seals = 0
  let isLast = true
  const rest = yield* forEachLine(store, segment, misfit.end, ({ text }) =>
    Effect.sync(() => {
      isLast = seals === 0
      if (text !== undefined && format.read(text)?._tag === "Seal") seals++
      return true
    }))
  return misfit.hasZeros && (seals === 0 || (seals === 1 && isLast && rest === 0))
})

/** What no seal confirms is to be cut. Undefined for a segment that has no beginning, which is to be removed. */
const settle = Effect.fnUntraced(function*(
  store: AuditStore["Service"],
  segment: Segment,
  { checker, misfit, since }: Followed
): Effect.fn.Return<Recovered | undefined, AuditError> {
  const { sealed } = checker
  if (misfit !== undefined && !(yield* isTorn(store, segment, misfit))) return yield* tampered(store, misfit.broken)
  if (sealed === undefined) {
    if (segment.length > longestBeginning) {
      return yield* tampered(store, new ChainBroken({ at: segment.id, detail: "its beginning is missing" }))
    }
    return undefined
  }
  const cut = segment.length - sealed.end
  return {
    frontier: checker.sealedFrontier,
    time: sealed.time,
    root: sealed.root,
    segment: { id: segment.id, length: sealed.end, since },
    cut,
    repair: cut > 0 ? store.cut(sealed.end) : Effect.void
  }
})

const empty = (sha256: Digest["Service"], store: AuditStore["Service"]): Recovered => {
  const beginning = new TextEncoder().encode(format.segmentLine(0, 0, []))
  return {
    frontier: new Frontier(sha256),
    time: 0,
    root: emptyRoot,
    segment: { id: 1, length: beginning.length, since: undefined },
    cut: 0,
    repair: store.begin(1, beginning)
  }
}

/**
 * Finds the end of the log in its last segment, and changes nothing. Earlier
 * ones are not read: each segment begins with what is needed to go on.
 */
export const recover = Effect.fnUntraced(function*(
  sha256: Digest["Service"],
  store: AuditStore["Service"]
): Effect.fn.Return<Recovered, AuditError> {
  let cut = 0
  let repair: Effect.Effect<void, AuditError> = Effect.void
  for (const segment of (yield* store.segments).toReversed()) {
    const found = yield* settle(store, segment, yield* follow(sha256, store, segment))
    if (found !== undefined) {
      return { ...found, cut: cut + found.cut, repair: Effect.andThen(repair, found.repair) }
    }
    cut += segment.length
    repair = Effect.andThen(repair, store.remove(segment.id))
  }
  const begun = empty(sha256, store)
  return { ...begun, cut, repair: Effect.andThen(repair, begun.repair) }
})
