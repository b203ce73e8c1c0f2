import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { AuditEntry } from "../AuditEntry.ts"
import type { AuditError } from "../AuditError.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import type { AuditLog } from "../AuditLog.ts"
import { digest as digestOf } from "../Statement.ts"
import type { TrustStore } from "../TrustStore.ts"
import { TrustStoreError } from "../TrustStoreError.ts"
import * as trustEvents from "./trustEvents.ts"
import * as trustState from "./trustState.ts"

/**
 * A state becomes durable in three steps: its text is staged, the audit log
 * names its digest, the text is promoted. The second step decides: a text that
 * the log does not name never counts, one that it names is the only one that
 * does. So a state that was put back by hand is found, and a crash between two
 * steps is not taken for that.
 */
export interface Journal {
  readonly opened: trustState.State
  /** Records events and makes the state that they lead to durable, with the next generation. */
  readonly commit: (
    next: trustState.State,
    events: ReadonlyArray<AuditEvent>
  ) => Effect.Effect<trustState.State, TrustStoreError | AuditError>
  /** Records events and nothing else. */
  readonly append: (events: ReadonlyArray<AuditEvent>) => Effect.Effect<void, AuditError>
}

const trailer = /^(.*\n)sha256:([0-9a-f]{64})\n$/s

const failed = (reason: TrustStoreError["reason"], detail: string, remedy: string): TrustStoreError =>
  new TrustStoreError({ reason, detail, remedy })

const restore = "Restore a backup with TrustRegistry.restore, or keep nothing and trust again"

interface Stored {
  readonly state: trustState.State
  readonly digest: string
}

/** The state in a file's text, which ends with the digest of what is before. */
export const read = Effect.fnUntraced(function*(file: string): Effect.fn.Return<
  Stored,
  TrustStoreError,
  Digest.Digest
> {
  const parts = trailer.exec(file)
  if (parts === null) return yield* failed("Corrupted", "the file is cut, or no state of trust", restore)
  const digest = yield* digestOf(parts[1]!)
  if (digest !== `sha256:${parts[2]}`) return yield* failed("Corrupted", "the file was changed or damaged", restore)
  const state = trustState.decode(parts[1]!)
  return Result.isSuccess(state)
    ? { state: state.success, digest }
    : yield* failed("Corrupted", `the file cannot be taken: ${state.failure.detail}`, restore)
})

const print = Effect.fnUntraced(function*(state: trustState.State): Effect.fn.Return<
  { readonly file: string; readonly digest: string },
  TrustStoreError,
  Digest.Digest
> {
  const excess = trustState.excess(state)
  if (excess !== undefined) return yield* failed("Full", excess, "Revoke what is not needed")
  const text = trustState.encode(state)
  if (Result.isFailure(text)) return yield* failed("Full", `it cannot be written: ${text.failure.detail}`, "")
  const digest = yield* digestOf(text.success)
  return { file: `${text.success}${digest}\n`, digest }
})

/** The last state that the log names, and what happened after it. */
const anchorOf = (entries: ReadonlyArray<AuditEntry>) => {
  const at = entries.findLastIndex(({ event }) => event._tag === "TrustStored")
  const event = entries[at]?.event
  return {
    anchor: event?._tag === "TrustStored" ? event : undefined,
    since: at < 0 ? [] : entries.slice(at + 1)
  }
}

const readOrUndefined = (file: string | undefined) =>
  file === undefined ? Effect.succeed(undefined) : Effect.orElseSucceed(read(file), () => undefined)

/** The text that the log names; without a log that names one, the current text. */
const find = Effect.fnUntraced(function*(
  store: TrustStore["Service"],
  anchor: { readonly generation: number; readonly state: string } | undefined
) {
  const texts = yield* store.read
  if (anchor === undefined) {
    if (texts.current !== undefined) return yield* read(texts.current)
    if ((yield* store.backups).length === 0) return undefined
    return yield* failed("Missing", "there is none, and there are backups", restore)
  }
  const current = yield* readOrUndefined(texts.current)
  if (current?.digest === anchor.state) return current
  const staged = yield* readOrUndefined(texts.staged)
  if (staged?.digest === anchor.state) {
    yield* store.promote(current?.state.generation ?? 0)
    return staged
  }
  if (texts.current === undefined) {
    return yield* failed("Missing", `there is none, and the audit log names generation ${anchor.generation}`, restore)
  }
  const { state } = yield* read(texts.current)
  return yield* failed(
    "RolledBack",
    `it is generation ${state.generation}, and not generation ${anchor.generation} that the audit log names`,
    restore
  )
})

const makeCommit = (audit: AuditLog["Service"], store: TrustStore["Service"], digest: Digest.Digest["Service"]) => {
  let generation = 0
  let isPromoted = true
  const promote = Effect.andThen(
    Effect.suspend(() => store.promote(generation - 1)),
    Effect.sync(() => void (isPromoted = true))
  )
  const commit: Journal["commit"] = Effect.fnUntraced(function*(next, events) {
    if (!isPromoted) yield* promote
    const numbered = { ...next, generation: generation + 1 }
    const { digest: stateDigest, file } = yield* Effect.provideService(print(numbered), Digest.Digest, digest)
    yield* store.stage(file)
    yield* audit.appendAll([...events, { _tag: "TrustStored", generation: numbered.generation, state: stateDigest }])
    generation = numbered.generation
    isPromoted = false
    yield* Effect.ignore(promote, { log: "Error", message: "the state of trust is staged, and not in its place yet" })
    return numbered
  })
  return { commit, startAt: (opened: number) => void (generation = opened) }
}

const appendTo = (audit: AuditLog["Service"]): Journal["append"] => (events) => Effect.asVoid(audit.appendAll(events))

/** A journal that keeps nothing. */
export const unstored = (audit: AuditLog["Service"]): Journal => {
  const append = appendTo(audit)
  return { opened: trustState.empty, append, commit: (next, events) => Effect.as(append(events), next) }
}

/** Opens the state of a store, brought up to what the log says was taken away since. */
export const open = Effect.fnUntraced(function*(
  audit: AuditLog["Service"],
  store: TrustStore["Service"]
): Effect.fn.Return<Journal, TrustStoreError | AuditError, Digest.Digest> {
  const digest = yield* Digest.Digest
  const { anchor, since } = anchorOf(yield* audit.entriesOf(trustEvents.tags))
  const found = yield* find(store, anchor)
  const state = found?.state ?? trustState.empty
  const { commit, startAt } = makeCommit(audit, store, digest)
  startAt(state.generation)
  const narrowed = trustEvents.narrow(state, since)
  const isAnchored = anchor !== undefined || found === undefined
  return {
    opened: narrowed === state && isAnchored ? state : yield* commit(narrowed, []),
    commit,
    append: appendTo(audit)
  }
})

/**
 * Whether a log that does not name a state should: it names the first state of all, or one
 * of an earlier number. Somebody else wrote that state then.
 */
const isForeign = (entries: ReadonlyArray<AuditEntry>, { digest, state }: Stored): boolean => {
  const named = entries.flatMap(({ event }) => event._tag === "TrustStored" ? [event] : [])
  const oldest = Math.min(...named.map(({ generation }) => generation))
  return named.every((event) => event.state !== digest) && (oldest <= 1 || oldest <= state.generation)
}

/** Makes a backup the current state, with all that was taken away since it was written. */
export const recover = Effect.fnUntraced(function*(
  audit: AuditLog["Service"],
  store: TrustStore["Service"],
  name: number,
  reason: string
): Effect.fn.Return<
  { readonly generation: number; readonly isComplete: boolean },
  TrustStoreError | AuditError,
  Digest.Digest
> {
  const digest = yield* Digest.Digest
  const file = yield* store.backup(name)
  if (file === undefined) {
    const names = yield* store.backups
    return yield* failed("NoBackup", `there is no backup ${name}`, `There are ${names.join(", ") || "none"}`)
  }
  const backup = yield* read(file)
  const entries = yield* audit.entriesOf(trustEvents.tags)
  if (isForeign(entries, backup)) {
    return yield* failed("Corrupted", "the audit log does not name it: it was never a state of this host", restore)
  }
  const at = entries.findIndex(({ event }) => event._tag === "TrustStored" && event.state === backup.digest)
  const current = yield* readOrUndefined((yield* store.read).current)
  const later = at < 0 ? entries : entries.slice(at + 1)
  const fromLog = trustEvents.boundBy(trustEvents.narrow(backup.state, later), later)
  const narrowed = current === undefined ? fromLog : trustEvents.narrowBy(fromLog, current.state)
  const { anchor } = anchorOf(entries)
  const { commit, startAt } = makeCommit(audit, store, digest)
  startAt(Math.max(backup.state.generation, current?.state.generation ?? 0, anchor?.generation ?? 0))
  const kept = trustEvents.keepVersions(narrowed, later, current?.state)
  const restored = yield* commit(kept, [{ _tag: "TrustRestored", generation: backup.state.generation, reason }])
  return { generation: restored.generation, isComplete: at >= 0 }
})
