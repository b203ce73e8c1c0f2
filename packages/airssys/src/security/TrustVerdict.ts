/**
 * What a registry of trust is asked, and what it answers.
 *
 * @since 0.1.0
 */
import type { PublicKey } from "./PublicKey.ts"
import type { Signed } from "./Statement.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type Level = "Trusted" | "Unknown" | "DevMode"

/**
 * A level and the rule that gave it, for an operator to read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Verdict {
  readonly level: Level
  readonly because: string
  /** Whose signature on it was verified, trusted or not, if nothing speaks against that. */
  readonly publisher?: PublicKey | undefined
  /** The keys that signed it, and those that are known to be of the same owners. */
  readonly signers?: ReadonlyArray<PublicKey> | undefined
}

/**
 * A release to be judged: the digest of its artifact, and what else is known.
 *
 * @category models
 * @since 0.1.0
 */
export interface Candidate {
  readonly digest: string
  /** Where the bytes were read from, if that was a file. */
  readonly path?: string | undefined
  /** Where the host itself fetched them from. */
  readonly git?: {
    readonly url: string
    readonly ref?: string | undefined
    readonly commit: string
  } | undefined
  readonly signed?: SignedRelease | undefined
  /**
   * Says that it is about to run: if its publisher is trusted, lower versions are
   * not from then on. The verdict is durable with what is recorded next, at the
   * latest when `CapabilityEnforcer.admit` has let it in.
   */
  readonly isStarting?: boolean | undefined
  /** What was decided and recorded before; the same is not recorded again. */
  readonly known?: Verdict | undefined
}

/**
 * A release statement, and what the host itself found where the statement says
 * what it is about: digests of the manifest and of what it asks for, and the
 * name and version in it.
 *
 * @category models
 * @since 0.1.0
 */
export interface SignedRelease {
  readonly statement: Signed
  readonly manifest: string
  readonly capabilities: string
  readonly namespace: string
  readonly name: string
  readonly version: string
}
