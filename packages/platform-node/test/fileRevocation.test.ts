import { assert, describe, it } from "@effect/vitest"
import type * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import type { CapabilityError } from "airssys/security/CapabilityError"
import type { FileError } from "airssys/security/FileError"
import { FileRead } from "airssys/security/FileRead"
import { FileWrite } from "airssys/security/FileWrite"
import type { CurrentPrincipal } from "airssys/security/Principal"
import { Effect, Fiber, Queue, Stream } from "effect"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeFileAccess from "../src/NodeFileAccess.ts"
import { billing, descriptors, folder, granted, until } from "./granted.ts"

type Failure = FileError | CapabilityError

/** A root with a file of 1 MiB and a folder of 200 files; `open` counts what is open below it. */
const inInbox = <A, E>(
  test: (world: {
    readonly inbox: string
    readonly open: () => number
    readonly enforcer: CapabilityEnforcer.CapabilityEnforcer["Service"]
    readonly revoke: Effect.Effect<unknown, unknown>
  }) => Effect.Effect<A, E, CurrentPrincipal>
) =>
  Effect.scoped(Effect.gen(function*() {
    const inbox = yield* folder
    mkdirSync(join(inbox, "many"))
    writeFileSync(join(inbox, "file"), Buffer.alloc(1_024 * 1_024, 1))
    for (let index = 0; index < 200; index++) writeFileSync(join(inbox, `many/${index}`), "")
    const sources = yield* NodeFileAccess.sources({ roots: { inbox } })
    const atRest = descriptors(inbox)
    return yield* granted(
      sources,
      [["filesystem.read", "inbox:/**"], ["filesystem.write", "inbox:/**"]],
      (enforcer) =>
        test({
          inbox,
          enforcer,
          open: () => descriptors(inbox) - atRest,
          revoke: enforcer.revoke(billing, { reason: "over" })
        })
    )
  }))

const isOver = (error: Failure): void => assert.strictEqual(error._tag, "CapabilityError")

describe("A revocation", () => {
  it.effect("closes a file that is open for reading, and its reads fail", () =>
    inInbox(({ enforcer, open, revoke }) =>
      Effect.scoped(Effect.gen(function*() {
        const { readAt, size } = yield* Effect.flatMap(FileRead, (file) => file.open)
        assert.strictEqual((yield* readAt(0, 10)).length, 10)
        assert.strictEqual(open(), 1)
        yield* revoke
        isOver(yield* Effect.flip(readAt(0, 10)))
        isOver(yield* Effect.flip(size))
        yield* until(() => open() === 0)
      })).pipe(enforcer.require(FileRead.on("inbox:/file")))
    ))

  it.effect("closes files that are open for writing, and nothing more is written", () =>
    inInbox(({ enforcer, inbox, open, revoke }) =>
      Effect.scoped(Effect.gen(function*() {
        const file = yield* FileWrite
        const { sync, truncate, writeAt } = yield* file.open()
        const { append } = yield* file.openAppend()
        const bytes = new Uint8Array(1_000)
        yield* writeAt(0, bytes)
        yield* append(bytes)
        assert.strictEqual(open(), 2)
        const before = readFileSync(join(inbox, "file"))
        yield* revoke
        for (const use of [writeAt(0, bytes.fill(2)), append(bytes), truncate(0), sync]) isOver(yield* Effect.flip(use))
        yield* until(() => open() === 0)
        assert.isTrue(before.equals(readFileSync(join(inbox, "file"))))
      })).pipe(enforcer.require(FileWrite.on("inbox:/file")))
    ))

  it.effect("ends a stream of a file between two pieces, and closes it", () =>
    inInbox(({ enforcer, open, revoke }) =>
      Effect.gen(function*() {
        const file = yield* FileRead
        let pieces = 0
        const failed = yield* Effect.flip(
          Stream.runForEach(file.stream({ pieceBytes: 1_000 }), () =>
            ++pieces === 3 ? Effect.orDie(revoke as Effect.Effect<unknown, Failure>) : Effect.void)
        )
        isOver(failed)
        assert.strictEqual(pieces, 3)
        yield* until(() =>
          open() === 0
        )
      }).pipe(enforcer.require(FileRead.on("inbox:/file")))
    ))

  it.effect("ends the listing of a folder before its end, and closes it", () =>
    inInbox(({ enforcer, open, revoke }) =>
      Effect.gen(function*() {
        const many = yield* FileRead
        let entries = 0
        const failed = yield* Effect.flip(
          Stream.runForEach(many.list, () =>
            ++entries === 3 ? Effect.orDie(revoke as Effect.Effect<unknown, Failure>) : Effect.void)
        )
        isOver(failed)
        assert.isBelow(entries, 200)
        yield* until(() =>
          open() === 0
        )
      }).pipe(enforcer.require(FileRead.on("inbox:/many")))
    ))

  it.effect("stops a write under way: the file is as before, and nothing is left beside it", () =>
    inInbox(({ enforcer, inbox, open, revoke }) =>
      Effect.gen(function*() {
        const taken = yield* Queue.unbounded<void>()
        const endless = Stream.tap(Stream.forever(Stream.make(new Uint8Array(1_000))), () =>
          Queue.offer(taken, undefined))
        const file = yield* FileWrite
        const writing = yield* Effect.forkChild(
          file.write(Stream.take(Stream.concat(endless, Stream.never), 100).pipe(Stream.concat(Stream.never)))
        )
        for (let piece = 0; piece < 100; piece++) {
          yield* Queue.take(taken)
        }
        assert.isAbove(readdirSync(inbox).length, 2)
        yield* revoke
        isOver(yield* Effect.flip(Fiber.join(writing)))
        assert.deepStrictEqual(readdirSync(inbox).toSorted(), ["file", "many"])
        assert.strictEqual(readFileSync(join(inbox, "file")).length, 1_024 * 1_024)
        yield* until(() =>
          open() === 0
        )
      }).pipe(enforcer.require(FileWrite.on("inbox:/file")))
    ))

  it.effect("is waited for: nothing is opened after what was interrupted is over", () =>
    inInbox(({ enforcer, open }) =>
      Effect.gen(function*() {
        const opened = new Set<number>()
        for (let round = 0; round < 20; round++) {
          const fiber = yield* Effect.forkChild(FileRead.use((file) => file.read()), { startImmediately: true })
          yield* Fiber.interrupt(fiber)
          let turns = 0
          yield* until(() => {
            opened.add(open())
            return turns++ === 20
          })
        }
        assert.deepStrictEqual([...opened], [0])
      }).pipe(enforcer.require(FileRead.on("inbox:/file")))
    ))

  it.effect("ends a hundred that read, list and write at once, and leaves none open", () =>
    inInbox(({ enforcer, open, revoke }) =>
      Effect.gen(function*() {
        const begun = yield* Queue.unbounded<void>()
        const note = Queue.offer(begun, undefined)
        const reading = FileRead.use((file) =>
          Effect.scoped(
            Effect.flatMap(file.open, ({ readAt }) => Effect.forever(Effect.andThen(readAt(0, 5_000), note)))
          )
        ).pipe(enforcer.require(FileRead.on("inbox:/file")))
        const streaming = FileRead.use((file) =>
          Effect.forever(Stream.runForEach(file.stream({ pieceBytes: 5_000 }), () => note))
        ).pipe(enforcer.require(FileRead.on("inbox:/file")))
        const listing = FileRead.use((folder) => Effect.forever(Stream.runForEach(folder.list, () => note))).pipe(
          enforcer.require(FileRead.on("inbox:/many"))
        )
        const writing = (name: number) =>
          FileWrite.use((file) => Effect.forever(Effect.andThen(file.write(new Uint8Array(10)), note))).pipe(
            enforcer.require(FileWrite.on(`inbox:/many/${name}`))
          )
        const all = yield* Effect.forEach(Array.from({ length: 25 }, (_, index) => index), (index) =>
          Effect.forEach(
            [reading, streaming, listing, writing(index)],
            (use) => Effect.forkChild(use as Effect.Effect<never, Failure, CurrentPrincipal>)
          ))
        for (let index = 0; index < 500; index++) yield* Queue.take(begun)
        yield* revoke
        for (const fiber of all.flat()) isOver(yield* Effect.flip(Fiber.join(fiber)))
        yield* until(() => open() === 0)
      })
    ))
})
