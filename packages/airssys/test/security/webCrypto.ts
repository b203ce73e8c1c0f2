import { Layer } from "effect"
import { Digest, SecureRandom, Signature } from "effect/crypto"

/** What statements are signed, verified and hashed by. */
export const webCrypto = Layer.merge(
  Digest.layerWebCrypto,
  Layer.provide(Signature.layerWebCrypto, SecureRandom.layerWebCrypto)
)
