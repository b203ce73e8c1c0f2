import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as AuditCheckpoint from "airssys/security/AuditCheckpoint"
import type { AuditError } from "airssys/security/AuditError"
import type { AuditEvent } from "airssys/security/AuditEvent"
import * as AuditLog from "airssys/security/AuditLog"
import * as AuditStore from "airssys/security/AuditStore"
import * as AuditWitness from "airssys/security/AuditWitness"
import * as SigningKey from "airssys/security/SigningKey"
import * as AuditWitnessTest from "airssys/testing/AuditWitnessTest"
import { Effect, Exit, Fiber, FileSystem, Layer, Option, Queue, Redacted, Ref, type Scope } from "effect"
import type { Digest, Signature } from "effect/crypto"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import { TestClock, TestConsole } from "effect/testing"
import { webCrypto } from "./webCrypto.ts"

AuditWitnessTest.suite(
  "memory",
  Effect.succeed({ make: AuditWitness.makeMemory, isDurable: false })
)

AuditWitnessTest.suite(
  "file",
  Effect.gen(function*() {
    const path = `${yield* FileSystem.FileSystem.use((fs) => fs.makeTempDirectoryScoped())}/witness`
    return {
      make: (log: AuditWitness.Log) => Effect.provide(AuditWitness.makeFile(path, log), NodeFileSystem.layer),
      isDurable: true
    }
  }).pipe(Effect.provide(NodeFileSystem.layer))
)

/** The requests of the specification, answered by a witness in memory. */
const clientOf = (witness: AuditWitness.AuditWitness) =>
  HttpClient.make((request) =>
    Effect.gen(function*() {
      const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
      const end = body.indexOf("\n\n")
      const [old = "", ...proof] = body.slice(0, end).split("\n")
      const answer = yield* Effect.flip(witness.accept({
        note: body.slice(end + 2),
        from: Number(old.slice("old ".length)),
        proof: proof.map((hash) => Buffer.from(hash, "base64").toString("hex"))
      })).pipe(
        Effect.map((error) => error.reason === "Elsewhere" ? [409, `${error.size}\n`] as const : [403, ""] as const),
        Effect.catch(() => Effect.succeed([200, ""] as const))
      )
      return HttpClientResponse.fromWeb(request, new Response(answer[1], { status: answer[0] }))
    })
  )

AuditWitnessTest.suite(
  "HTTP",
  Effect.succeed({
    make: (log: AuditWitness.Log) =>
      Effect.flatMap(AuditWitness.makeMemory(log), (witness) =>
        Effect.provideService(
          AuditWitness.makeHttp("https://witness.example/"),
          HttpClient.HttpClient,
          clientOf(witness)
        )),
    isDurable: false
  })
)

const crashed = (detail: string): AuditEvent => ({
  _tag: "Crashed",
  principal: { kind: "Component", id: "acme:rates" },
  detail
})

const signer = (seed = 1, origin = "example.com/audit") =>
  Effect.flatMap(
    SigningKey.fromSeed(Redacted.make(new Uint8Array(32).fill(seed))),
    (key) => AuditCheckpoint.signer({ key, origin })
  )

type Checkpoints = Partial<NonNullable<AuditLog.Options["checkpoints"]>>

/** A log in memory that outlives its process, and its witness. */
const place = Effect.gen(function*() {
  const scope = yield* Effect.scope
  const stores = Layer.fresh(AuditStore.layerMemory)
  const store = yield* Ref.make(yield* AuditStore.AuditStore.pipe(Effect.provide(stores)))
  const own = yield* signer()
  const witness = yield* AuditWitness.makeMemory(own)
  const open = (checkpoints: Checkpoints = {}, options: AuditLog.Options = {}) =>
  <A, E, R>(
    effect: Effect.Effect<A, E, AuditLog.AuditLog | R>
  ): Effect.Effect<A, E | AuditError, Digest.Digest | Exclude<R, AuditLog.AuditLog>> =>
    Effect.flatMap(Ref.get(store), (current) =>
      Effect.provide(
        effect,
        Layer.provide(
          AuditLog.layer({ ...options, checkpoints: { signer: own, witnesses: [witness], ...checkpoints } }),
          Layer.succeed(AuditStore.AuditStore, current)
        ),
        { local: true }
      ))
  const forget = Effect.flatMap(
    Effect.provide(AuditStore.AuditStore, Layer.fresh(AuditStore.layerMemory)),
    (fresh) => Ref.set(store, fresh)
  )
  return { scope, own, witness, open, forget, store }
})

/** Tells of each checkpoint that it takes: signing takes real time. */
const announcing = (witness: AuditWitness.AuditWitness) =>
  Effect.map(Queue.unbounded<number>(), (sizes) => ({
    sizes,
    witness: {
      name: "announcing",
      accept: (submission: AuditWitness.Submission) =>
        Effect.tap(witness.accept(submission), () => Queue.offer(sizes, Number(submission.note.split("\n")[1])))
    }
  }))

const append = (...details: ReadonlyArray<string>) =>
  AuditLog.AuditLog.use((audit) => Effect.forEach(details, (detail) => audit.append(crashed(detail))))

const run = <A, E>(
  effect: Effect.Effect<A, E, Digest.Digest | Signature.Signature | Scope.Scope>
): Effect.Effect<A, E> => Effect.scoped(effect).pipe(Effect.provide(webCrypto))

/** The bytes of a store, and a store with them. */
const copyOf = (store: AuditStore.AuditStore["Service"]) =>
  Effect.flatMap(
    Effect.provide(AuditStore.AuditStore, Layer.fresh(AuditStore.layerMemory)),
    (copy) =>
      Effect.gen(function*() {
        for (const { id, length } of yield* store.segments) {
          yield* copy.begin(id, yield* store.read(id, 0, length))
        }
        return copy
      })
  )

describe("an audit log with a witness", () => {
  it.effect("hands it a signed checkpoint every minute in which something was recorded, and at its end", () =>
    run(Effect.gen(function*() {
      const { open, witness: kept } = yield* place
      const { sizes, witness } = yield* announcing(kept)
      yield* open({ witnesses: [witness] })(Effect.gen(function*() {
        assert.strictEqual(yield* Queue.take(sizes), 0)
        yield* append("a", "b")
        yield* TestClock.adjust("59 seconds")
        assert.isTrue(Option.isNone(yield* Queue.poll(sizes)))
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* Queue.take(sizes), 2)
        yield* TestClock.adjust("10 minutes")
        yield* append("c", "d", "e")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* Queue.take(sizes), 5)
        yield* append("f")
      }))
      assert.strictEqual(yield* Queue.take(sizes), 6)
      assert.isTrue(Option.isNone(yield* Queue.poll(sizes)))
    })))

  it.effect("proves each checkpoint to it, also over its own restarts and from what is stored", () =>
    run(Effect.gen(function*() {
      const { open, own, witness } = yield* place
      for (let life = 0; life < 4; life++) {
        yield* open()(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          for (let round = 0; round <= life; round++) {
            yield* append("a", "b", "c")
            const note = yield* audit.checkpoint
            assert.strictEqual((yield* AuditCheckpoint.open(note, own)).root, (yield* audit.head).root)
          }
          yield* append("d")
        }))
      }
      assert.strictEqual((yield* witness.notes).length, 1 + 2 + 3 + 4 + 4)
    })))

  it.effect("is not opened when an older state of it was put back, whole and in itself valid", () =>
    run(Effect.gen(function*() {
      const { open, store } = yield* place
      yield* open()(append("a", "b"))
      const older = yield* copyOf(yield* Ref.get(store))
      yield* open()(append("c"))
      yield* Ref.set(store, older)
      const before = (yield* older.segments)[0]?.length
      const error = yield* Effect.flip(open()(append("d")))
      assert.strictEqual(error.reason, "RolledBack")
      assert.include(error.message, "has 2 entries, and witness memory: it holds a checkpoint of 3 entries")
      assert.strictEqual((yield* older.segments)[0]?.length, before)
    })))

  it.effect("is not opened when it was deleted", () =>
    run(Effect.gen(function*() {
      const { forget, open } = yield* place
      yield* open()(append("a"))
      yield* forget
      assert.strictEqual((yield* Effect.flip(open()(append("b")))).reason, "RolledBack")
    })))

  it.effect("is not opened when it was rewritten, with every hash made to fit, and is longer now", () =>
    run(Effect.gen(function*() {
      const { forget, open, own, store } = yield* place
      yield* open()(append("a", "b", "c"))
      yield* forget
      const accomplice = yield* AuditWitness.makeMemory(own)
      yield* open({ witnesses: [accomplice] })(append("a", "x", "c", "d", "e"))
      assert.isAbove((yield* (yield* Ref.get(store)).segments).length, 0)
      assert.strictEqual((yield* Effect.flip(open()(append("f")))).reason, "RolledBack")
    })))

  it.effect("is not opened under another key or origin than the witness knows", () =>
    run(Effect.gen(function*() {
      const { open } = yield* place
      yield* open()(append("a"))
      for (const other of [yield* signer(2), yield* signer(1, "example.com/other")]) {
        assert.strictEqual((yield* Effect.flip(open({ signer: other })(append("b")))).reason, "RolledBack")
      }
    })))

  it.effect("records once that a witness does not answer, goes on, and tells it everything later", () =>
    run(Effect.gen(function*() {
      const { open, witness: kept } = yield* place
      const { sizes, witness } = yield* announcing(kept)
      const isDown = yield* Ref.make(true)
      const attempts = yield* Queue.unbounded<boolean>()
      const flaky: AuditWitness.AuditWitness = {
        name: "flaky",
        accept: (submission) =>
          Effect.gen(function*() {
            const down = yield* Ref.get(isDown)
            yield* Queue.offer(attempts, down)
            return yield* (down
              ? new AuditWitness.WitnessError({ witness: "flaky", reason: "Unreachable", detail: "no" })
              : witness.accept(submission))
          })
      }
      yield* open({ witnesses: [flaky] })(Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        const failures = Effect.map(
          audit.entries,
          (entries) => entries.filter(({ event }) => event._tag === "WitnessFailed").length
        )
        const minute = Effect.andThen(TestClock.adjust("1 minute"), Queue.take(attempts))
        assert.isTrue(yield* Queue.take(attempts))
        yield* append("a")
        assert.isTrue(yield* minute)
        assert.isTrue(yield* minute)
        assert.strictEqual(yield* failures, 1)
        yield* Ref.set(isDown, false)
        assert.isFalse(yield* minute)
        assert.strictEqual(yield* Queue.take(sizes), 2)
        yield* Ref.set(isDown, true)
        yield* append("b")
        yield* Effect.flatMap(audit.checkpoint, () => failures).pipe(
          Effect.map((count) => assert.strictEqual(count, 2))
        )
      }))
    })))

  it.effect("keeps what a witness that does not answer has not seen, and gives it up when it has", () =>
    run(Effect.gen(function*() {
      const { open, store, witness } = yield* place
      const isDown = yield* Ref.make(false)
      const flaky: AuditWitness.AuditWitness = {
        name: "flaky",
        accept: (submission) =>
          Effect.flatMap(Ref.get(isDown), (down) =>
            down
              ? new AuditWitness.WitnessError({ witness: "flaky", reason: "Unreachable", detail: "no" })
              : witness.accept(submission))
      }
      const rotating = open({ witnesses: [flaky], every: "1 minute" }, {
        rotate: { bytes: 1 },
        retain: { segments: 2 }
      })
      const round = AuditLog.AuditLog.use((audit) => Effect.andThen(append("a", "b", "c", "d"), audit.flush))
      const segments = Effect.flatMap(Ref.get(store), (store) => Effect.map(store.segments, (_) => _.length))
      yield* rotating(round)
      yield* Ref.set(isDown, true)
      yield* rotating(Effect.andThen(round, round))
      yield* rotating(Effect.andThen(round, round))
      assert.isAbove(yield* segments, 16)
      yield* Ref.set(isDown, false)
      yield* rotating(Effect.andThen(TestClock.adjust("1 minute"), round))
      assert.isBelow(yield* segments, 8)
      yield* rotating(AuditLog.AuditLog.use((audit) => audit.verify))
    })))

  it.effect("is not opened without a witness that is required", () =>
    run(Effect.gen(function*() {
      const { open } = yield* place
      const down: AuditWitness.AuditWitness = {
        name: "down",
        accept: () =>
          Effect.fail(new AuditWitness.WitnessError({ witness: "down", reason: "Unreachable", detail: "no" }))
      }
      const error = yield* Effect.flip(open({ witnesses: [down], required: true })(append("a")))
      assert.include(error.message, "witness down cannot be reached")
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(open({ witnesses: [down] })(append("a")))))
      assert.strictEqual((yield* Effect.flip(open({ witnesses: [] })(append("a")))).reason, "InvalidOptions")
    })))
})

describe("AuditWitness.makeFile", () => {
  it.effect("goes on behind a note that a crash left unfinished, and not from one that was changed", () =>
    run(
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const path = `${yield* fs.makeTempDirectoryScoped()}/witness`
        const { open, own } = yield* place
        const accept = Effect.flatMap(AuditWitness.makeFile(path, own), (witness) =>
          open({ witnesses: [witness] })(append("a")))
        yield* accept
        yield* fs.writeFileString(path, "\"half of a no", { flag: "a" })
        yield* accept
        const notes = yield* AuditWitness.readFile(path)
        assert.deepStrictEqual(
          notes.map((note) =>
            note.split("\n")[1]
          ),
          ["1", "2"]
        )
        yield* fs.writeFileString(path, (yield* fs.readFileString(path)).replace("\\n2\\n", "\\n1\\n"))
        assert.strictEqual(((yield* Effect.flip(accept)) as AuditWitness.WitnessError).reason, "Refused")
        for (const path of ["/dev/zero", "/"]) {
          assert.include((yield* Effect.flip(AuditWitness.makeFile(path, own))).message, "it is no file")
        }
      }).pipe(Effect.provide(NodeFileSystem.layer))
    ))
})

describe("AuditWitness.makeConsole", () => {
  it.effect("prints each note as it is", () =>
    run(Effect.gen(function*() {
      const { open, own } = yield* place
      const console = yield* AuditWitness.makeConsole
      yield* open({ witnesses: [console] })(append("a"))
      const printed = (yield* TestConsole.logLines).join("\n")
      assert.strictEqual(
        (yield* AuditCheckpoint.open(printed.slice(printed.lastIndexOf("example.com/audit\n1\n")), own)).size,
        1
      )
    })))
})

describe("AuditWitness.makeHttp", () => {
  it.effect("takes an answer for what it is, and silence for nothing", () =>
    Effect.gen(function*() {
      const reasonOf = (answer: Effect.Effect<Response, never>) =>
        AuditWitness.makeHttp("https://witness.example").pipe(
          Effect.flatMap((witness) => Effect.flip(witness.accept({ note: "", from: 0, proof: [] }))),
          Effect.provideService(
            HttpClient.HttpClient,
            HttpClient.make((request) =>
              Effect.map(answer, (response) => HttpClientResponse.fromWeb(request, response))
            )
          ),
          Effect.map((error) => [error.reason, error.size])
        )
      const status = (status: number, body: string | null = "") =>
        reasonOf(Effect.sync(() => new Response(body, { status })))
      assert.deepStrictEqual(yield* status(409, "12\n"), ["Elsewhere", 12])
      assert.deepStrictEqual(yield* status(409, "twelve"), ["Refused", undefined])
      assert.deepStrictEqual(yield* status(409, `12${" ".repeat(40)}`), ["Refused", undefined])
      let pieces = 0
      const endless = () =>
        new ReadableStream({
          pull: (controller) =>
            pieces++ < 10_000 ? controller.enqueue(new Uint8Array(65_536).fill(0x31)) : controller.close()
        })
      const spoken = reasonOf(Effect.sync(() => new Response(endless(), { status: 409 })))
      assert.deepStrictEqual(yield* spoken, ["Refused", undefined])
      assert.isBelow(pieces, 100)
      const parted = new ReadableStream({
        start: (controller) => {
          for (const part of ["1", "2", "\n"]) controller.enqueue(new TextEncoder().encode(part))
          controller.close()
        }
      })
      const inPieces = reasonOf(Effect.sync(() => new Response(parted, { status: 409 })))
      assert.deepStrictEqual(yield* inPieces, ["Elsewhere", 12])
      assert.deepStrictEqual(yield* status(409, "9999999999999999\n"), ["Refused", undefined])
      for (const judged of [400, 403, 404, 422]) {
        assert.deepStrictEqual(yield* status(judged), ["Refused", undefined], `${judged}`)
      }
      for (const other of [204, 301, 401, 407, 429]) {
        assert.deepStrictEqual(yield* status(other, other === 204 ? null : ""), ["Unreachable", undefined], `${other}`)
      }
      assert.deepStrictEqual(yield* status(503), ["Unreachable", undefined])
      const silence = yield* Effect.forkChild(reasonOf(Effect.never), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(silence), ["Unreachable", undefined])
    }))
})
