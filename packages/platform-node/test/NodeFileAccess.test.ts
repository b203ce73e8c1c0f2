import { assert, describe, it } from "@effect/vitest"
import type * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import type * as FileError from "airssys/security/FileError"
import { FileRead } from "airssys/security/FileRead"
import { FileWrite } from "airssys/security/FileWrite"
import type { CurrentPrincipal } from "airssys/security/Principal"
import { Effect, Stream } from "effect"
import { execFileSync } from "node:child_process"
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import * as NodeFileAccess from "../src/NodeFileAccess.ts"
import { billing, descriptors, folder, granted } from "./granted.ts"

type Enforcer = CapabilityEnforcer.CapabilityEnforcer["Service"]

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A root `inbox` that may be read and written, beside a folder that may not. */
const inInbox = <A, E>(
  test: (world: {
    readonly inbox: string
    readonly outside: string
    readonly enforcer: Enforcer
    readonly read: <B, F, R>(
      resource: string,
      use: (power: FileRead["Service"]) => Effect.Effect<B, F, R>
    ) => Effect.Effect<B, F | unknown, R | CurrentPrincipal>
    readonly write: <B, F, R>(
      resource: string,
      use: (power: FileWrite["Service"]) => Effect.Effect<B, F, R>
    ) => Effect.Effect<B, F | unknown, R | CurrentPrincipal>
  }) => Effect.Effect<A, E, CurrentPrincipal>
) =>
  Effect.scoped(Effect.gen(function*() {
    const base = yield* folder
    const [inbox, outside] = [join(base, "inbox"), join(base, "outside")]
    mkdirSync(inbox)
    mkdirSync(outside)
    writeFileSync(join(outside, "secret"), "OUTSIDE")
    const sources = yield* NodeFileAccess.sources({ roots: { inbox } })
    return yield* granted(
      sources,
      [["filesystem.read", "inbox:/**"], ["filesystem.write", "inbox:/**"]],
      (enforcer) =>
        test({
          inbox,
          outside,
          enforcer,
          read: (resource, use) => enforcer.require(FileRead.on(resource))(Effect.flatMap(FileRead, use)),
          write: (resource, use) => enforcer.require(FileWrite.on(resource))(Effect.flatMap(FileWrite, use))
        })
    )
  }))

const reasonOf = (error: unknown): string => (error as FileError.FileError).reason

describe("FileRead", () => {
  it.effect("reads a file whole, in pieces and at positions", () =>
    inInbox(({ inbox, read }) =>
      Effect.gen(function*() {
        mkdirSync(join(inbox, "a"))
        writeFileSync(join(inbox, "a/rates.csv"), "0123456789")
        assert.strictEqual(text(yield* read("inbox:/a/rates.csv", (file) => file.read())), "0123456789")
        const pieces = yield* read(
          "inbox:/a/rates.csv",
          (file) => Stream.runCollect(file.stream({ position: 1, pieceBytes: 4 }))
        )
        assert.deepStrictEqual(pieces.map(text), ["1234", "5678", "9"])
        yield* read("inbox:/a/rates.csv", (file) =>
          Effect.scoped(Effect.gen(function*() {
            const { readAt, size } = yield* file.open
            assert.strictEqual(yield* size, 10)
            assert.strictEqual(text(yield* readAt(8, 100)), "89")
            assert.strictEqual(text(yield* readAt(10, 1)), "")
            assert.strictEqual(reasonOf(yield* Effect.flip(readAt(-1, 1))), "InvalidRange")
            assert.strictEqual(reasonOf(yield* Effect.flip(readAt(0, 2 ** 40))), "InvalidRange")
          })))
        const { kind, size } = yield* read("inbox:/a/rates.csv", (file) => file.stat)
        assert.deepStrictEqual({ kind, size }, { kind: "File", size: 10 })
        assert.strictEqual((yield* read("inbox:/", (file) => file.stat)).kind, "Folder")
      })
    ))

  it.effect("reads no more than its limit", () =>
    inInbox(({ inbox, read }) =>
      Effect.gen(function*() {
        writeFileSync(join(inbox, "a"), "0123456789")
        assert.strictEqual((yield* read("inbox:/a", (file) => file.read({ maxBytes: 10 }))).length, 10)
        assert.strictEqual(
          reasonOf(yield* Effect.flip(read("inbox:/a", (file) => file.read({ maxBytes: 9 })))),
          "TooLarge"
        )
        truncateSync(join(inbox, "a"), 2 ** 42)
        assert.strictEqual(reasonOf(yield* Effect.flip(read("inbox:/a", (file) => file.read()))), "TooLarge")
      })
    ))

  it.effect("closes what was opened with its scope, and says so to who goes on", () =>
    inInbox(({ inbox, read }) =>
      Effect.gen(function*() {
        writeFileSync(join(inbox, "a"), "x")
        const { readAt } = yield* read("inbox:/a", (file) => Effect.scoped(file.open))
        assert.strictEqual(descriptors(inbox), 1)
        assert.strictEqual(reasonOf(yield* Effect.flip(readAt(0, 1))), "Closed")
      })
    ))

  it.effect("lists what can be named, and says what cannot be opened", () =>
    inInbox(({ inbox, outside, read }) =>
      Effect.gen(function*() {
        mkdirSync(join(inbox, "folder"))
        symlinkSync(outside, join(inbox, "link"))
        for (const name of ["a.csv", "id_rsa", ".ssh", "KEY.pem", "bi\u202edi", "st*r"]) {
          writeFileSync(join(inbox, name), "")
        }
        const entries = yield* read("inbox:/", (folder) => Stream.runCollect(folder.list))
        assert.deepStrictEqual(
          entries.toSorted((a, b) => a.name < b.name ? -1 : 1).map(({ kind, name }) => `${name} ${kind}`),
          ["a.csv File", "folder Folder", "link Other"]
        )
        assert.strictEqual(
          reasonOf(yield* Effect.flip(read("inbox:/a.csv", (file) => Stream.runCollect(file.list)))),
          "NotAFolder"
        )
      })
    ))

  it.effect("refuses links, second names, pipes, sockets and devices, and never waits for one", () =>
    inInbox(({ inbox, outside, read, write }) =>
      Effect.gen(function*() {
        symlinkSync(join(outside, "secret"), join(inbox, "link"))
        symlinkSync(outside, join(inbox, "away"))
        symlinkSync(".", join(inbox, "here"))
        linkSync(join(outside, "secret"), join(inbox, "second"))
        execFileSync("mkfifo", [join(inbox, "pipe")])
        const server = createServer().listen(join(inbox, "socket"))
        yield* Effect.callback<void>((resume) => void server.once("listening", () => resume(Effect.void)))
        writeFileSync(join(inbox, "data"), "x")
        const failures: Array<string> = []
        for (const name of ["link", "away/secret", "here/data", "second", "pipe", "socket"]) {
          const resource = `inbox:/${name}`
          failures.push(
            `${name}: ${
              [
                reasonOf(yield* Effect.flip(read(resource, (file) => file.read()))),
                reasonOf(yield* Effect.flip(read(resource, (file) => file.stat))),
                reasonOf(yield* Effect.flip(write(resource, (file) => Effect.scoped(file.open())))),
                reasonOf(
                  yield* Effect.flip(write(resource, (file) => Effect.scoped(file.openAppend({ create: "IfMissing" }))))
                ),
                reasonOf(yield* Effect.flip(write(resource, (file) => file.write(bytes("y")))))
              ].join(" ")
            }`
          )
        }
        server.close()
        const all = (reason: string) => Array(5).fill(reason).join(" ")
        assert.deepStrictEqual(failures, [
          `link: ${all("Refused")}`,
          `away/secret: ${all("NotAFolder")}`,
          `here/data: ${all("NotAFolder")}`,
          `second: ${all("Refused")}`,
          `pipe: ${all("Refused")}`,
          `socket: ${all("Refused")}`
        ])
        assert.strictEqual(readFileSync(join(outside, "secret"), "utf8"), "OUTSIDE")
      })
    ))

  it.effect("tells the principal its own name of a file, and the operator the rest", () =>
    inInbox(({ read }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read("inbox:/none", (file) => file.read())) as Effect.Effect<
          FileError.FileError
        >
        assert.strictEqual(error.message, "inbox:/none: not found")
        assert.include(String(error.cause), "ENOENT")
      })
    ))

  it.effect("keeps to the folder that a root was when it was opened", () =>
    inInbox(({ inbox, outside, read }) =>
      Effect.gen(function*() {
        writeFileSync(join(inbox, "secret"), "inside")
        renameSync(inbox, `${inbox}.away`)
        symlinkSync(outside, inbox)
        assert.strictEqual(text(yield* read("inbox:/secret", (file) => file.read())), "inside")
      })
    ))
})

describe("FileWrite", () => {
  it.effect("replaces a file whole, keeps its mode, and leaves nothing beside it", () =>
    inInbox(({ inbox, write }) =>
      Effect.gen(function*() {
        yield* write("inbox:/a", (file) => file.write(bytes("one")))
        chmodSync(join(inbox, "a"), 0o640)
        yield* write("inbox:/a", (file) => file.write(Stream.make(bytes("tw"), bytes("o"))))
        assert.strictEqual(readFileSync(join(inbox, "a"), "utf8"), "two")
        assert.strictEqual(lstatSync(join(inbox, "a")).mode & 0o777, 0o640)
        const failed = yield* Effect.flip(
          write("inbox:/a", (file) => file.write(Stream.concat(Stream.make(bytes("x")), Stream.fail("no"))))
        )
        assert.strictEqual(failed, "no")
        assert.strictEqual(
          reasonOf(yield* Effect.flip(write("inbox:/a", (file) => file.write(bytes("long"), { maxBytes: 3 })))),
          "TooLarge"
        )
        assert.strictEqual(readFileSync(join(inbox, "a"), "utf8"), "two")
        assert.deepStrictEqual(readdirSync(inbox), ["a"])
      })
    ))

  it.effect("takes no limit that is no number of bytes", () =>
    inInbox(({ inbox, write }) =>
      Effect.gen(function*() {
        for (const maxBytes of [Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY]) {
          const endless = write("inbox:/a", (file) => file.write(Stream.make(bytes("x")), { maxBytes }))
          assert.strictEqual(reasonOf(yield* Effect.flip(endless)), "InvalidRange", String(maxBytes))
        }
        assert.deepStrictEqual(readdirSync(inbox), [])
      })
    ))

  it.effect("writes at positions and at the end, and makes files as it is told", () =>
    inInbox(({ inbox, write }) =>
      Effect.gen(function*() {
        assert.strictEqual(
          reasonOf(yield* Effect.flip(write("inbox:/a", (file) => Effect.scoped(file.open())))),
          "NotFound"
        )
        yield* write("inbox:/a", (file) =>
          Effect.scoped(Effect.gen(function*() {
            const { size, sync, truncate, writeAt } = yield* file.open({ create: "New" })
            yield* writeAt(0, bytes("hello world"))
            yield* writeAt(6, bytes("W"))
            yield* truncate(7)
            yield* sync
            assert.strictEqual(yield* size, 7)
          })))
        assert.strictEqual(
          reasonOf(yield* Effect.flip(write("inbox:/a", (file) => Effect.scoped(file.open({ create: "New" }))))),
          "AlreadyExists"
        )
        yield* write("inbox:/a", (file) =>
          Effect.scoped(Effect.flatMap(file.openAppend({ create: "IfMissing" }), ({ append }) =>
            Effect.all([append(bytes("!")), append(bytes("!"))], { concurrency: 2 }))))
        assert.strictEqual(readFileSync(join(inbox, "a"), "utf8"), "hello W!!")
      })
    ))

  it.effect("makes and removes files and folders, never the root", () =>
    inInbox(({ inbox, write }) =>
      Effect.gen(function*() {
        yield* write("inbox:/d", (folder) => folder.makeFolder)
        yield* write("inbox:/d/a", (file) => file.write(bytes("x")))
        assert.strictEqual(reasonOf(yield* Effect.flip(write("inbox:/d", (folder) => folder.remove))), "NotEmpty")
        assert.strictEqual(
          reasonOf(yield* Effect.flip(write("inbox:/d", (folder) => folder.makeFolder))),
          "AlreadyExists"
        )
        yield* write("inbox:/d/a", (file) => file.remove)
        yield* write("inbox:/d", (folder) => folder.remove)
        for (const use of ["remove", "makeFolder"] as const) {
          assert.strictEqual(reasonOf(yield* Effect.flip(write("inbox:/", (root) => root[use]))), "NotAFile")
        }
        assert.deepStrictEqual(readdirSync(inbox), [])
      })
    ))
})

describe("A rename", () => {
  const world = <A, E>(
    test: (enforcer: Enforcer, base: string) => Effect.Effect<A, E, CurrentPrincipal>
  ) =>
    Effect.scoped(Effect.gen(function*() {
      const base = yield* folder
      for (const name of ["drop", "mine"]) mkdirSync(join(base, name))
      writeFileSync(join(base, "drop/theirs"), "theirs")
      writeFileSync(join(base, "mine/a"), "a")
      const sources = yield* NodeFileAccess.sources({ roots: { all: base } })
      return yield* granted(sources, [
        ["filesystem.read", "all:/mine/**"],
        ["filesystem.write", "all:/drop/*", "all:/mine/**"]
      ], (enforcer) => test(enforcer, base))
    }))

  const rename = (enforcer: Enforcer, from: string, read: string, to: string) =>
    Effect.flatMap(FileWrite, (file) => file.rename(to)).pipe(
      enforcer.require(FileRead.on(read)),
      enforcer.require(FileWrite.on(from))
    )

  it.effect("needs both names to be written and the first to be read", () =>
    world((enforcer, base) =>
      Effect.gen(function*() {
        yield* rename(enforcer, "all:/mine/a", "all:/mine/a", "all:/mine/b")
        assert.deepStrictEqual(readdirSync(join(base, "mine")), ["b"])
        const stolen = yield* Effect.flip(rename(enforcer, "all:/drop/theirs", "all:/drop/theirs", "all:/mine/stolen"))
        assert.strictEqual(stolen._tag, "CapabilityError")
        const other = yield* Effect.flip(rename(enforcer, "all:/drop/theirs", "all:/mine/b", "all:/mine/stolen"))
        assert.strictEqual(reasonOf(other), "NotPermitted")
        const away = yield* Effect.flip(rename(enforcer, "all:/mine/b", "all:/mine/b", "all:/other"))
        assert.strictEqual(away._tag, "CapabilityError")
        assert.deepStrictEqual(readdirSync(join(base, "mine")), ["b"])
        assert.deepStrictEqual(readdirSync(join(base, "drop")), ["theirs"])
      })
    ))

  it.effect("needs the power to read to be there still", () =>
    world((enforcer, base) =>
      Effect.gen(function*() {
        yield* enforcer.revoke(billing, { kind: "filesystem.read", reason: "over" })
        const failed = yield* Effect.flip(FileWrite.use((file) => file.rename("all:/mine/b")))
        assert.strictEqual(failed._tag, "CapabilityError")
        assert.deepStrictEqual(readdirSync(join(base, "mine")), ["a"])
      }).pipe(enforcer.require(FileRead.on("all:/mine/a")), enforcer.require(FileWrite.on("all:/mine/a")))
    ))

  it.effect("moves no folder, whose content would be under names that nobody decided on", () =>
    world((enforcer, base) =>
      Effect.gen(function*() {
        mkdirSync(join(base, "mine/folder"))
        const failed = yield* Effect.flip(rename(enforcer, "all:/mine/folder", "all:/mine/folder", "all:/mine/other"))
        assert.strictEqual(reasonOf(failed), "NotAFile")
      })
    ))
})

describe("A root", () => {
  const refused = (options: (base: string) => NodeFileAccess.Options) =>
    Effect.scoped(Effect.gen(function*() {
      const base = yield* folder
      for (const path of ["real/plugins", ".ssh/config"]) mkdirSync(join(base, path), { recursive: true })
      symlinkSync(join(base, "real"), join(base, "link"))
      return (yield* Effect.flip(NodeFileAccess.sources(options(base)))).reason
    }))

  it.effect("is refused as a link, as what is no folder, and under another name than words", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* refused((base) => ({ roots: { a: join(base, "link") } })), "Unusable")
      assert.strictEqual(yield* refused((base) => ({ roots: { a: join(base, "none") } })), "Unusable")
      assert.strictEqual(yield* refused(() => ({ roots: { a: "" } })), "Unusable")
      assert.strictEqual(yield* refused((base) => ({ roots: { A: join(base, "real") } })), "InvalidName")
      assert.strictEqual(yield* refused((base) => ({ roots: { __proto__x: join(base, "real") } })), "InvalidName")
    }))

  it.effect("holds nothing that is the host's own, and is not part of it", () =>
    Effect.gen(function*() {
      const reserved = (given: string, kept: string) =>
        refused((base) => ({ roots: { a: join(base, given) }, reserved: [join(base, kept)] }))
      assert.strictEqual(yield* reserved("real", "real/plugins"), "Reserved")
      assert.strictEqual(yield* reserved("real", "real/audit.ndjson"), "Reserved")
      assert.strictEqual(yield* reserved("real", "link/plugins/x"), "Reserved")
      assert.strictEqual(yield* reserved("real/plugins", "real"), "Reserved")
      assert.strictEqual(yield* refused(() => ({ roots: { a: "/proc/sys" } })), "Reserved")
      assert.strictEqual(yield* refused(() => ({ roots: { a: "/" } })), "Reserved")
      assert.strictEqual(yield* refused((base) => ({ roots: { a: join(base, ".ssh/config") } })), "Reserved")
    }))

  it.effect("is not there under a name that the host did not give", () =>
    Effect.scoped(Effect.gen(function*() {
      const base = yield* folder
      const sources = yield* NodeFileAccess.sources({ roots: { inbox: base } })
      const failed = yield* granted(sources, [["filesystem.read", "constructor:/a"]], (enforcer) =>
        Effect.flip(
          FileRead.use((file) => file.read()).pipe(enforcer.require(FileRead.on("constructor:/a")))
        ))
      assert.strictEqual(reasonOf(failed), "NoSuchRoot")
    })))
})
