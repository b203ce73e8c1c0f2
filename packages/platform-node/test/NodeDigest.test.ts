import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Digest } from "effect/crypto"
import * as NodeDigest from "../src/NodeDigest.ts"

const algorithms = [Digest.md5, Digest.sha1, Digest.sha256, Digest.sha384, Digest.sha512]

describe("NodeDigest", () => {
  it.effect("gives the hashes of WebCrypto, as bytes and as hex, of any part of a buffer", () =>
    Effect.gen(function*() {
      const buffer = Uint8Array.from({ length: 300 }, (_, index) => index)
      const hashed = Digest.Digest.use((digest) =>
        Effect.forEach(
          algorithms,
          (algorithm) =>
            Effect.forEach([buffer, buffer.subarray(7, 100), buffer.subarray(0, 0)], (bytes) =>
              Effect.all([
                Effect.map(digest.digest(algorithm, bytes), (hash) => [...hash]),
                digest.digestHex(algorithm, bytes)
              ]))
        )
      )
      assert.deepStrictEqual(
        yield* Effect.provide(hashed, NodeDigest.layer),
        yield* Effect.provide(hashed, Digest.layerWebCrypto)
      )
    }))
})
