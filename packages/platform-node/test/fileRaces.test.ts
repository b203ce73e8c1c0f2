import { assert, describe, it } from "@effect/vitest"
import type { CapabilityError } from "airssys/security/CapabilityError"
import type { FileError } from "airssys/security/FileError"
import { FileRead } from "airssys/security/FileRead"
import { FileWrite } from "airssys/security/FileWrite"
import { Clock, Effect, Stream } from "effect"
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import * as NodeFileAccess from "../src/NodeFileAccess.ts"
import { descriptors, folder, granted } from "./granted.ts"

const inside = "inside".repeat(10)
const secret = "SECRET".repeat(10)

/** A root whose content somebody else exchanges for links to what is outside, all the time. */
const attacked = Effect.gen(function*() {
  const base = yield* folder
  for (const root of ["inbox/d", "outside"]) {
    mkdirSync(join(base, root, "e"), { recursive: true })
    for (const name of ["data", "e/data"]) {
      writeFileSync(join(base, root, name), root === "outside" ? secret : inside)
    }
  }
  execFileSync("mkfifo", [join(base, "inbox/pipe")])
  const sources = yield* NodeFileAccess.sources({ roots: { inbox: join(base, "inbox") } })
  const flag = new Int32Array(new SharedArrayBuffer(8))
  yield* Effect.acquireRelease(
    Effect.sync(() => new Worker(new URL("./racingWriter.ts", import.meta.url), { workerData: { base, flag } })),
    (worker) =>
      Effect.callback<void>((resume) => {
        worker.once("exit", () => resume(Effect.void))
        Atomics.store(flag, 0, 1)
      })
  )
  return { base, flag, sources }
})

/** What came of how many attempts, and how far the writer is. */
class Outcomes {
  readonly counts = new Map<string, number>()
  readonly flag: Int32Array
  constructor(flag: Int32Array) {
    this.flag = flag
  }

  of(...names: ReadonlyArray<string>): number {
    return names.reduce((sum, name) => sum + (this.counts.get(name) ?? 0), 0)
  }

  /** Both sides have done enough for one to have met the other many times. */
  isEnough(): boolean {
    return this.of("inside", "done") >= 1_000 && this.of(...expected) >= 300 && Atomics.load(this.flag, 1) >= 100
  }

  /** Repeats an attempt until that is so. */
  repeated<A, R>(attempt: Effect.Effect<A, FileError | CapabilityError, R>, nameOf: (value: A) => string) {
    const once = Effect.map(
      Effect.match(attempt, {
        onFailure: (error) => error._tag === "FileError" ? error.reason : error._tag,
        onSuccess: nameOf
      }),
      (name) => void this.counts.set(name, this.of(name) + 1)
    )
    return Effect.repeat(once, { until: () => this.isEnough() })
  }

  unexpected(): ReadonlyArray<string> {
    return [...this.counts.keys()].filter((name) => !expected.includes(name)).toSorted()
  }
}

const read = (bytes: Uint8Array): string => {
  const text = new TextDecoder().decode(bytes)
  return text === inside ? "inside" : text.includes("SECRET") ? "OUTSIDE" : "OTHER"
}

const expected = ["AlreadyExists", "Busy", "NotAFile", "NotAFolder", "NotFound", "Refused"]

describe("A writer who races", () => {
  it.live("is seen by who opens by path", () =>
    Effect.scoped(Effect.gen(function*() {
      const { base } = yield* attacked
      const naive = Effect.promise(() => readFile(join(base, "inbox/d/data"), "utf8").catch(() => ""))
      const start = yield* Clock.currentTimeMillis
      let seen = ""
      while (seen !== secret && (yield* Clock.currentTimeMillis) - start < 20_000) seen = yield* naive
      assert.strictEqual(seen, secret)
    })), 60_000)

  it.live("never has a byte from outside of the root read", () =>
    Effect.scoped(Effect.gen(function*() {
      const { base, flag, sources } = yield* attacked
      const open = descriptors(base)
      const outcomes = new Outcomes(flag)
      yield* granted(sources, [["filesystem.read", "inbox:/**"]], (enforcer) => {
        const on = <A, E, R>(resource: string, effect: Effect.Effect<A, E, R>) =>
          enforcer.require(FileRead.on(resource))(effect)
        const whole = FileRead.use((file) => file.read())
        const pieces = FileRead.use((file) => Stream.runCollect(file.stream({ pieceBytes: 15 })))
        const names = FileRead.use((file) => Stream.runCollect(file.list))
        return Effect.all([
          outcomes.repeated(on("inbox:/d/data", whole), read),
          outcomes.repeated(on("inbox:/d/e/data", whole), read),
          outcomes.repeated(on("inbox:/d/e/data", pieces), (pieces) => read(Buffer.concat(pieces))),
          outcomes.repeated(on("inbox:/d", FileRead.use((file) => file.stat)), ({ kind }) => kind),
          outcomes.repeated(on("inbox:/d/e", names), (entries) =>
            entries.length === 0 || entries.length === 1 && entries[0]?.name === "data" ? "listed" : "LISTED")
        ], { concurrency: "unbounded", discard: true })
      })
      assert.deepStrictEqual(outcomes.unexpected(), ["Folder", "inside", "listed"])
      assert.strictEqual(descriptors(base), open)
    })), 60_000)

  it.live(
    "never has a byte written, made, moved or removed outside of the root",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { base, flag, sources } = yield* attacked
        const outside = () =>
          (readdirSync(join(base, "outside"), { recursive: true }) as Array<string>).toSorted().map((name) => {
            const at = join(base, "outside", name)
            return statSync(at).isFile() ? `${name}: ${readFileSync(at, "utf8")}` : name
          })
        const before = outside()
        const open = descriptors(base)
        const outcomes = new Outcomes(flag)
        const bytes = new TextEncoder().encode("WRITTEN")
        yield* granted(
          sources,
          [["filesystem.read", "inbox:/**"], ["filesystem.write", "inbox:/**"]],
          (enforcer) => {
            const on = (
              resource: string,
              use: (file: FileWrite["Service"]) => Effect.Effect<unknown, FileError | CapabilityError, FileRead>
            ) =>
              outcomes.repeated(
                FileWrite.use(use).pipe(
                  enforcer.require(FileWrite.on(resource)),
                  enforcer.require(FileRead.on(resource))
                ),
                () => "done"
              )
            return Effect.all([
              on("inbox:/d/new", (file) => file.write(bytes)),
              on("inbox:/d/e/new", (file) =>
                Effect.scoped(Effect.flatMap(
                  file.openAppend({ create: "IfMissing" }),
                  ({ append }) => append(bytes)
                ))),
              on("inbox:/d/data", (file) => Effect.scoped(Effect.flatMap(file.open(), ({ truncate }) => truncate(3)))),
              on("inbox:/d/e/folder", (file) => Effect.andThen(file.makeFolder, file.remove)),
              on("inbox:/d/e/data", (file) => Effect.andThen(file.rename("inbox:/d/e/moved"), file.write(bytes)))
            ], { concurrency: "unbounded", discard: true })
          }
        )
        assert.deepStrictEqual(outcomes.unexpected(), ["done"])
        assert.deepStrictEqual(outside(), before)
        assert.strictEqual(descriptors(base), open)
      })),
    60_000
  )
})
