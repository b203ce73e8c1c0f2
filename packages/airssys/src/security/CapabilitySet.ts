/**
 * What a manifest asks for, as one digest.
 *
 * Two manifests have the same digest when they ask for the same capabilities
 * until the same days, with the same uses recorded before they happen, however
 * they are grouped and whatever reasons they give.
 * Who signs or approves a digest has seen every pattern behind it.
 *
 * @since 0.1.0
 */
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import type { Block } from "./CapabilityDiff.ts"
import * as canonicalJson from "./internal/canonicalJson.ts"

const domain = "airssys/capabilities/1"

/** What has no canonical form, such as half a character, still has a line of its own. */
const lineOf = (item: object): string => canonicalJson.print(item) ?? JSON.stringify(item)

/**
 * The text that the digest is of: a line for the domain, then a line of JSON
 * for each kind and pattern, sorted, each once.
 *
 * @category combinators
 * @since 0.1.0
 */
export const text = (asks: ReadonlyArray<Block>): string => {
  const lines = asks.flatMap(({ audit, expires, kind, patterns }) => {
    const terms = { ...(expires === undefined ? {} : { expires }), ...(audit === undefined ? {} : { audit }) }
    return patterns.length === 0
      ? [lineOf({ kind, ...terms })]
      : patterns.map((pattern) => lineOf({ kind, pattern, ...terms }))
  })
  return `${domain}\n${[...new Set(lines)].toSorted().map((line) => `${line}\n`).join("")}`
}

/**
 * `sha256:` and 64 hex digits.
 *
 * @category combinators
 * @since 0.1.0
 */
export const digest = (asks: ReadonlyArray<Block>): Effect.Effect<string, never, Digest.Digest> =>
  Digest.Digest.use((service) =>
    Effect.map(
      service.digestHex(Digest.sha256, new TextEncoder().encode(text(asks))),
      (hex) => `sha256:${hex}`
    )
  )
