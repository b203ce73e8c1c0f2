/**
 * Commits in groups: what is asked for while the disk is busy is made in one
 * transaction, and answered when that is on the disk.
 *
 * SQLite writes to its log without waiting for the disk, in one stretch that
 * nothing interleaves; the log is then synchronised by a thread of Node, so that
 * the thread of the host does not wait for a disk. One group is made after
 * another: at most the last one can be lost or torn, and it was not answered.
 */
import { type Room, StorageStoreError } from "airssys/component/StorageStore"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { DatabaseSync } from "node:sqlite"
import type { Checkpoints } from "./checkpoints.ts"
import type { HeldFiles } from "./heldFiles.ts"
import * as sqliteFile from "./sqliteFile.ts"
import type { Mark } from "./storageMark.ts"
import { failed } from "./storageRows.ts"

/** What came of a step of a transaction. `room` is set aside for what was written, and there if something was. */
export interface Done<A, E> {
  readonly result: Result.Result<A, E>
  readonly room: Room | undefined
}

interface Work {
  /** Gives the room of what was written, and keeps the result for its answer. */
  readonly run: () => Room | undefined
  readonly answer: () => void
  readonly fail: (error: StorageStoreError) => void
  readonly bytes: number
  isWanted: boolean
}

interface Ran {
  readonly work: Work
  readonly room: Room | undefined
}

/** Bound the time for which a group holds the thread; one commit alone may have more bytes. */
const groupLimit = 128
const groupBytes = 2 * 1024 * 1024

const closed = new StorageStoreError({ reason: "Unwritable", detail: "the store was closed" })

export interface Writer {
  /** `bytes` is about what is written. Interrupted before its turn, it is not done. */
  readonly submit: <A, E>(run: () => Done<A, E>, bytes?: number) => Effect.Effect<A, E | StorageStoreError>
}

const failAll = (group: ReadonlyArray<Work>, error: StorageStoreError): Effect.Effect<void> =>
  Effect.sync(() => {
    for (const work of group) work.fail(error)
  })

/** In their order, each with as many as fit. */
const groupsOf = (works: ReadonlyArray<Work>): ReadonlyArray<ReadonlyArray<Work>> => {
  const groups: Array<Array<Work>> = []
  let left = 0
  for (const work of works) {
    left -= work.bytes
    if (left < 0 || groups.length === 0) {
      groups.push([])
      left = groupBytes - work.bytes
    }
    groups.at(-1)!.push(work)
  }
  return groups
}

/** What is open for a store. */
export interface Files {
  readonly database: DatabaseSync
  readonly log: number
  readonly mark: Mark
  readonly held: HeldFiles
}

class Groups {
  readonly #files: Files
  readonly #count: ReturnType<DatabaseSync["prepare"]>
  /** After a failure of the disk nobody knows what is on it. */
  #broken: StorageStoreError | undefined

  constructor(files: Files) {
    this.#files = files
    this.#count = files.database.prepare("UPDATE counter SET commits = commits + 1 RETURNING commits")
  }

  /** Does all of a group, or fails each, and answers when it is on the disk. */
  make(taken: ReadonlyArray<Work>): Effect.Effect<void> {
    return Effect.suspend(() => {
      const group = taken.filter(({ isWanted }) => isWanted)
      const refused = this.#broken ?? this.#lost
      if (refused !== undefined) return failAll(group, refused)
      const made = this.#transaction(group)
      if (Result.isFailure(made)) return failAll(group, made.failure)
      const { commits, ran } = made.success
      return Effect.match(commits === undefined ? Effect.void : this.#settle(commits), {
        onSuccess: () => {
          for (const { work } of ran) work.answer()
        },
        onFailure: (error) => this.#break(ran, error)
      })
    })
  }

  get #lost(): StorageStoreError | undefined {
    const detail = this.#files.held.lost
    return detail === undefined ? undefined : new StorageStoreError({ reason: "Unwritable", detail })
  }

  #transaction(
    group: ReadonlyArray<Work>
  ): Result.Result<{ readonly ran: ReadonlyArray<Ran>; readonly commits: number | undefined }, StorageStoreError> {
    const ran: Array<Ran> = []
    try {
      const commits = sqliteFile.inTransaction(this.#files.database, () => {
        for (const work of group) ran.push({ work, room: work.run() })
        const isWritten = ran.some(({ room }) => room !== undefined)
        return isWritten ? Number(this.#count.get()?.["commits"]) : undefined
      })
      for (const { room } of ran) room?.commit()
      return Result.succeed({ ran, commits })
    } catch (error) {
      for (const { room } of ran) room?.release()
      return Result.fail(failed("Unwritable", "it could not be written")(error))
    }
  }

  #settle(commits: number): Effect.Effect<void, StorageStoreError> {
    return Effect.andThen(
      Effect.mapError(sqliteFile.syncFile(this.#files.log), failed("Unwritable", "the disk did not take it")),
      Effect.try({
        try: () => this.#files.mark.write(commits),
        catch: failed("Unwritable", "the mark could not be written")
      })
    )
  }

  #break(ran: ReadonlyArray<Ran>, error: StorageStoreError): void {
    this.#broken = new StorageStoreError({
      reason: "Unwritable",
      detail: "an earlier write may not be on the disk: open the store again",
      cause: error
    })
    for (const { room, work } of ran) {
      if (room === undefined) work.answer()
      else work.fail(error)
    }
  }
}

/** Makes groups for as long as the scope is open. */
export const make = (
  files: Files,
  checkpoints: Checkpoints
): Effect.Effect<Writer, never, Scope.Scope> =>
  Effect.gen(function*() {
    const groups = new Groups(files)
    const queue = yield* Queue.unbounded<Work>()
    const written = (group: ReadonlyArray<Work>) =>
      Effect.andThen(
        groups.make(group),
        checkpoints.wrote(group.length, group.reduce((sum, { bytes }) => sum + bytes, 0))
      )
    yield* Effect.addFinalizer(() =>
      Effect.gen(function*() {
        const left = yield* Queue.clear(queue)
        yield* Queue.shutdown(queue)
        yield* failAll(left, closed)
      })
    )
    yield* Effect.forkScoped(Effect.forever(
      Effect.flatMap(
        Queue.takeBetween(queue, 1, groupLimit),
        (taken) => Effect.uninterruptible(Effect.forEach(groupsOf(taken), written, { discard: true }))
      )
    ))
    return {
      submit: <A, E>(run: () => Done<A, E>, bytes = 0) =>
        Effect.callback<A, E | StorageStoreError>((resume) => {
          let result: Result.Result<A, E | StorageStoreError> = Result.fail(closed)
          const work: Work = {
            run: () => {
              const done = run()
              result = done.result
              return done.room
            },
            answer: () => resume(Effect.fromResult(result)),
            fail: (error) => resume(Effect.fail(error)),
            bytes,
            isWanted: true
          }
          if (!Queue.offerUnsafe(queue, work)) return work.fail(closed)
          return Effect.sync(() => {
            work.isWanted = false
          })
        })
    }
  })
