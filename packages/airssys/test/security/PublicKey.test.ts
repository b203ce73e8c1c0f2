import { assert, describe, it } from "@effect/vitest"
import { PublicKey, SigningKey } from "airssys/security"
import { Effect, Inspectable, Redacted, Result } from "effect"
import { Base64Url, Hex } from "effect/encoding"
import { webCrypto } from "./webCrypto.ts"

const bytes = (hex: string): Uint8Array => Result.getOrThrow(Hex.decode(hex))

/** RFC 8032, section 7.1. */
const vectors = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b" +
      "d25bf5f0595bbe24655141438e7a100b"
  },
  {
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c" +
      "387b2eaeb4302aeeb00d291612bb0c00"
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659" +
      "4a7c15e9716ed28dc027beceea1ec40a"
  }
] as const

const first = vectors[0]
const keyOf = (hex: string) => Result.getOrThrow(PublicKey.fromBytes(bytes(hex)))

const prime = 2n ** 255n - 19n
const order = 2n ** 252n + 27742317777372353535851937790883648493n

const littleEndian = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, at) => Number(value >> BigInt(8 * at) & 0xffn))

const textOf = (point: Uint8Array) => `ed25519:${Base64Url.encode(point)}`

const reasonOf = (text: string) => {
  const parsed = PublicKey.fromText(text)
  return Result.isFailure(parsed) ? parsed.failure.reason : "none"
}

describe("Ed25519", () => {
  it.effect.each(vectors)(
    "signs and verifies the vector of RFC 8032 with the seed $seed",
    (vector) =>
      Effect.gen(function*() {
        const key = yield* SigningKey.fromSeed(Redacted.make(bytes(vector.seed)))
        assert.strictEqual(key.publicKey, keyOf(vector.key))
        const signature = yield* SigningKey.sign(key, bytes(vector.message))
        assert.strictEqual(Hex.encode(signature), vector.signature)
        assert.isTrue(yield* PublicKey.verify(key.publicKey, bytes(vector.signature), bytes(vector.message)))
      }).pipe(Effect.provide(webCrypto))
  )

  const good = bytes(first.signature)
  const s = BigInt(`0x${Hex.encode(good.slice(32).toReversed())}`)
  const withS = (value: bigint) => Uint8Array.of(...good.slice(0, 32), ...littleEndian(value))
  const changed = (at: number) => Uint8Array.from(good, (byte, index) => index === at ? byte ^ 1 : byte)

  it.effect.each<[string, Uint8Array]>([
    ["whose s is larger by the order of the group", withS(s + order)],
    ["whose s is the order", withS(order)],
    ["whose s is all ones", withS(2n ** 256n - 1n)],
    ["without its last byte", good.slice(0, 63)],
    ["with a byte more", Uint8Array.of(...good, 0)],
    ["of no bytes", new Uint8Array()],
    ["of zeros", new Uint8Array(64)],
    ["with a changed R", changed(0)],
    ["with a changed s", changed(32)],
    ["with its halves exchanged", Uint8Array.of(...good.slice(32), ...good.slice(0, 32))],
    ["whose R is not canonical", Uint8Array.of(...littleEndian(prime + 1n), ...new Uint8Array(32))]
  ])("does not verify a signature %s", ([, signature]) =>
    Effect.gen(function*() {
      assert.isFalse(yield* PublicKey.verify(keyOf(first.key), signature, new Uint8Array()))
    }).pipe(Effect.provide(webCrypto)))

  it.effect("does not verify with another key, over other bytes, or with a key that is no point", () =>
    Effect.gen(function*() {
      assert.isFalse(yield* PublicKey.verify(keyOf(vectors[1].key), good, new Uint8Array()))
      assert.isFalse(yield* PublicKey.verify(keyOf(first.key), good, Uint8Array.of(0)))
      assert.isFalse(
        yield* PublicKey.verify(Result.getOrThrow(PublicKey.fromBytes(littleEndian(2n))), good, new Uint8Array())
      )
    }).pipe(Effect.provide(webCrypto)))
})

describe("PublicKey", () => {
  it("is one text for one key, back and forth", () => {
    for (const { key } of vectors) {
      assert.strictEqual(keyOf(key), textOf(bytes(key)))
      assert.deepStrictEqual(PublicKey.toBytes(keyOf(key)), bytes(key))
      assert.isTrue(PublicKey.isPublicKey(textOf(bytes(key))))
    }
  })

  const text = textOf(bytes(first.key))
  it.each<[string, string, string]>([
    ["no algorithm", text.slice("ed25519:".length), "UnknownAlgorithm"],
    ["another algorithm", text.replace("ed25519", "ed448"), "UnknownAlgorithm"],
    ["capitals", text.replace("ed25519", "Ed25519"), "UnknownAlgorithm"],
    ["a name of every object", "__proto__", "UnknownAlgorithm"],
    ["nothing", "", "UnknownAlgorithm"],
    ["a character less", text.slice(0, -1), "Malformed"],
    ["padding", `${text}=`, "Malformed"],
    ["a line end", `${text}\n`, "Malformed"],
    ["a megabyte", `ed25519:${"A".repeat(2 ** 20)}`, "Malformed"],
    ["base64 of the other alphabet", `ed25519:${"+".repeat(43)}`, "Malformed"],
    ["bits beyond the last byte", `${text.slice(0, -1)}${text.at(-1) === "o" ? "p" : "q"}`, "NotCanonical"]
  ])("takes no key with %s", (_, text, reason) => {
    assert.strictEqual(reasonOf(text), reason)
    assert.isFalse(PublicKey.isPublicKey(text))
  })

  const eight = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n
  const signed = (point: Uint8Array) => Uint8Array.from(point, (byte, at) => at === 31 ? byte | 0x80 : byte)

  it("takes no point of small order, of either sign", () => {
    const d = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n
    assert.strictEqual((d * eight ** 4n + 2n * eight ** 2n - 1n) % prime, 0n, "twice the point is of order four")
    const points = [0n, 1n, prime - 1n, eight, prime - eight].map(littleEndian)
    for (const point of points) {
      assert.strictEqual(reasonOf(textOf(point)), "SmallOrder")
      assert.strictEqual(reasonOf(textOf(signed(point))), "SmallOrder")
    }
  })

  it("takes no coordinate that is not reduced", () => {
    for (let y = prime; y < 2n ** 255n; y++) {
      assert.strictEqual(reasonOf(textOf(littleEndian(y))), "NotCanonical")
      assert.strictEqual(reasonOf(textOf(signed(littleEndian(y)))), "NotCanonical")
    }
  })

  it("shows a hostile text escaped and cut", () => {
    const parsed = PublicKey.fromText(`\u001b[2J\u202e${"x".repeat(1000)}`)
    assert.isTrue(Result.isFailure(parsed))
    if (Result.isFailure(parsed)) {
      assert.notMatch(parsed.failure.message, /[\u001b\u202e]/)
      assert.isBelow(parsed.failure.message.length, 300)
    }
  })
})

describe("SigningKey", () => {
  it.effect("shows its public key and never its seed", () =>
    Effect.gen(function*() {
      const key = yield* SigningKey.fromSeed(Redacted.make(bytes(first.seed)))
      const seed = Base64Url.encode(bytes(first.seed))
      for (const shown of [String(key), JSON.stringify({ key }), Inspectable.toStringUnknown({ key })]) {
        assert.include(shown, key.publicKey)
        assert.notInclude(shown, seed)
        assert.notInclude(shown, first.seed)
      }
      assert.deepStrictEqual(Object.keys(key), ["publicKey"])
      assert.deepStrictEqual(Redacted.value(yield* SigningKey.seed(key)), bytes(first.seed))
    }).pipe(Effect.provide(webCrypto)))

  it.effect("is another one each time it is generated", () =>
    Effect.gen(function*() {
      const [one, two] = [yield* SigningKey.generate, yield* SigningKey.generate]
      assert.notStrictEqual(one.publicKey, two.publicKey)
      const signature = yield* SigningKey.sign(one, Uint8Array.of(1))
      assert.isTrue(yield* PublicKey.verify(one.publicKey, signature, Uint8Array.of(1)))
      assert.isFalse(yield* PublicKey.verify(two.publicKey, signature, Uint8Array.of(1)))
    }).pipe(Effect.provide(webCrypto)))

  it.effect("is made of 32 bytes and of nothing else, and not of what only looks like one", () =>
    Effect.gen(function*() {
      for (const length of [0, 31, 33, 64]) {
        const error = yield* Effect.flip(SigningKey.fromSeed(Redacted.make(new Uint8Array(length))))
        assert.strictEqual(error.reason._tag, "InvalidKey")
      }
      const key = yield* SigningKey.generate
      const copy = { publicKey: key.publicKey, toJSON: () => ({}) }
      assert.strictEqual((yield* Effect.flip(SigningKey.sign(copy, Uint8Array.of(1)))).reason._tag, "InvalidKey")
      assert.isFalse(SigningKey.isSigningKey(copy))
    }).pipe(Effect.provide(webCrypto)))
})
