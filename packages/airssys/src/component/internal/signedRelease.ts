import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as CapabilitySet from "../../security/CapabilitySet.ts"
import * as ReleaseStatement from "../../security/ReleaseStatement.ts"
import * as Statement from "../../security/Statement.ts"
import type { SignedRelease } from "../../security/TrustVerdict.ts"
import type { Manifest } from "../Manifest.ts"

/** A file that is no statement stays as it is: nobody signed what it says, and that speaks against the release. */
const statementOf = (file: string): Statement.Signed =>
  Result.getOrElse(
    Statement.parse(ReleaseStatement.statement, file),
    () => ({ text: file.slice(0, Statement.limits.text), signatures: [] })
  )

/** What a signature says, and what it would have to say of these files. */
export const make = Effect.fnUntraced(function*(
  digest: Digest.Digest["Service"],
  file: string,
  text: string,
  manifest: Manifest
): Effect.fn.Return<SignedRelease> {
  const { name, namespace, version } = manifest.component
  return {
    statement: statementOf(file),
    manifest: `sha256:${yield* digest.digestHex(Digest.sha256, new TextEncoder().encode(text))}`,
    capabilities: yield* Effect.provideService(CapabilitySet.digest(manifest.asks), Digest.Digest, digest),
    namespace,
    name,
    version
  }
})
