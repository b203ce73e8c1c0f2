import { assert, describe, it } from "@effect/vitest"
import * as AuditCheckpoint from "airssys/security/AuditCheckpoint"
import * as PublicKey from "airssys/security/PublicKey"
import * as SigningKey from "airssys/security/SigningKey"
import { Effect, Redacted } from "effect"
import type { Digest, Signature } from "effect/crypto"
import { webCrypto } from "./webCrypto.ts"

const run = <A, E>(effect: Effect.Effect<A, E, Digest.Digest | Signature.Signature>) =>
  Effect.provide(
    effect,
    webCrypto
  )

const keyOf = (seed: number) => SigningKey.fromSeed(Redacted.make(new Uint8Array(32).fill(seed)))

const head = { size: 20852163, root: "ab".repeat(32) }

const refusedBecause = (note: string, verifier: AuditCheckpoint.Verifier & { readonly origin: string }) =>
  Effect.flatMap(
    Effect.flip(AuditCheckpoint.open(note, verifier)),
    (error) => error._tag === "InvalidCheckpoint" ? Effect.succeed(error.detail) : Effect.die(error)
  )

describe("AuditCheckpoint", () => {
  it.effect("reads the key of the documentation of signed notes, and its signature is that of the key", () =>
    run(Effect.gen(function*() {
      const text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
      const verifier = yield* AuditCheckpoint.verifierFromText(text)
      assert.strictEqual(verifier.name, "PeterNeumann")
      assert.strictEqual(yield* AuditCheckpoint.verifierText(verifier), text)
      const message =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
      const signed = Buffer.from(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=",
        "base64"
      )
      assert.strictEqual(signed.subarray(0, 4).toString("hex"), "c74f20a3")
      assert.isTrue(
        yield* PublicKey.verify(verifier.publicKey, signed.subarray(4), new TextEncoder().encode(message))
      )
    })))

  it.effect("is a signed note of origin, size and root, in these very bytes", () =>
    run(Effect.gen(function*() {
      const signer = yield* AuditCheckpoint.signer({
        key: yield* keyOf(7),
        origin: "example.com/host 1",
        name: "host-1"
      })
      const note = yield* signer.sign(head)
      assert.deepStrictEqual(note.split("\n").slice(0, 4), [
        "example.com/host 1",
        "20852163",
        "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=",
        ""
      ])
      assert.match(note, /\n\n\u2014 host-1 [A-Za-z0-9+/]{91}=\n$/)
      assert.strictEqual(note, yield* signer.sign(head))
      assert.deepStrictEqual(yield* AuditCheckpoint.open(note, signer), { ...head, origin: "example.com/host 1" })
    })))

  it.effect("does not open with any character changed", () =>
    run(Effect.gen(function*() {
      const signer = yield* AuditCheckpoint.signer({ key: yield* keyOf(7), origin: "a" })
      const note = yield* signer.sign({ ...head, size: 3 })
      for (let at = 0; at < note.length; at++) {
        const changed = note.slice(0, at) + String.fromCharCode(note.charCodeAt(at) ^ 1) + note.slice(at + 1)
        assert.isString(yield* refusedBecause(changed, signer), `character ${at}`)
      }
    })))

  it.effect("opens for its key, name and origin alone, whoever else signed it", () =>
    run(Effect.gen(function*() {
      const make = (seed: number, name: string, origin = "log") =>
        Effect.flatMap(keyOf(seed), (key) => AuditCheckpoint.signer({ key, origin, name }))
      const one = yield* make(1, "one")
      const two = yield* make(2, "two")
      const note = yield* one.sign(head)
      const both = note + (yield* two.sign(head)).split("\n").at(-2) + "\n"
      assert.strictEqual((yield* AuditCheckpoint.open(both, two)).size, head.size)
      assert.strictEqual((yield* AuditCheckpoint.open(both, one)).size, head.size)
      for (const other of [two, yield* make(2, "one"), yield* make(1, "uno"), yield* make(1, "one", "another")]) {
        assert.isString(yield* refusedBecause(note, other))
      }
    })))

  it.effect("refuses what could be read in two ways, or has no end", () =>
    run(Effect.gen(function*() {
      const key = yield* keyOf(7)
      const signer = yield* AuditCheckpoint.signer({ key, origin: "a" })
      const good = yield* signer.sign(head)
      const [, , root = "", , signature = ""] = good.split("\n")
      const notes = [
        "",
        "\n",
        good.trimEnd(),
        `${good}\n`,
        good.replaceAll("\n", "\r\n"),
        `a\n020852163\n${root}\n\n${signature}\n`,
        `a\n-1\n${root}\n\n${signature}\n`,
        `a\n1e3\n${root}\n\n${signature}\n`,
        `a\n${head.size}\n${root}\nmore\n\n${signature}\n`,
        `a\n${head.size}\n${root.slice(0, -2)}t=\n\n${signature}\n`,
        `a\n${head.size}\n${"A".repeat(70_000)}\n\n${signature}\n`,
        `a\n${head.size}\n${root}\n\n${`${signature}x\n`.repeat(3)}`
      ]
      for (const note of notes) assert.isString(yield* refusedBecause(note, signer), note.slice(0, 80))
    })))

  it.effect("has no name or origin that could forge a line or a field", () =>
    run(Effect.gen(function*() {
      const key = yield* keyOf(7)
      for (const origin of ["", "a\nb", "a\u0000", "\u202ea", "x".repeat(257)]) {
        assert.strictEqual((yield* Effect.flip(AuditCheckpoint.signer({ key, origin })))._tag, "InvalidCheckpoint")
      }
      for (const name of ["", "a b", "a+b", "a\u00a0b", "a\n"]) {
        assert.strictEqual(
          (yield* Effect.flip(AuditCheckpoint.signer({ key, origin: "a", name })))._tag,
          "InvalidCheckpoint"
        )
      }
    })))

  it.effect("takes no key of another algorithm, cut, or with another hint", () =>
    run(Effect.gen(function*() {
      const good = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
      const keys = [
        "",
        good.replace("c74f20a3", "c74f20a4"),
        good.replace("+ARpc", "+ABpc"),
        good.replace("+ARpc", "+ARpd"),
        good.slice(0, -1),
        good.replace("PeterNeumann", "Peter Neumann"),
        good.replace("PeterNeumann", "PeterNeuman"),
        `x+00000000+${Buffer.from(new Uint8Array(33).fill(1, 0, 1)).toString("base64")}`
      ]
      for (const text of keys) {
        assert.strictEqual((yield* Effect.flip(AuditCheckpoint.verifierFromText(text)))._tag, "InvalidCheckpoint", text)
      }
    })))
})
