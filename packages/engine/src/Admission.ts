/**
 * Which core modules are compiled: decided from their bytes, by opcode and
 * structure, before the platform's compiler sees any of them.
 *
 * Taken are bulk memory, sign extension, saturating conversions, multi-value,
 * reference types, extended constants, mutable globals, SIMD, tail calls, several
 * memories, typed function references and exceptions with exnref. Everything else
 * is refused by name: what no rule knows cannot be metered either.
 *
 * @since 0.1.0
 */
import { admitModule } from "./internal/core/admitModule.ts"
import { atOnce } from "./internal/steps.ts"

/**
 * Bounds on one core module. `localBranches` are locals times branches, summed
 * over the places where compilers reconcile the state of all locals; `values` are
 * the operands and results of calls, blocks and branches.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdmissionLimits {
  readonly bytes: number
  readonly types: number
  readonly imports: number
  readonly functions: number
  readonly tables: number
  readonly memories: number
  readonly globals: number
  readonly exports: number
  readonly tags: number
  readonly tagParameters: number
  readonly segments: number
  /** Bytes of the body of one function. */
  readonly body: number
  readonly locals: number
  /** Blocks inside each other. */
  readonly nesting: number
  readonly localBranches: number
  readonly moduleLocalBranches: number
  readonly values: number
  readonly moduleValues: number
}

/**
 * Bounds that real modules stay well below.
 *
 * @category models
 * @since 0.1.0
 */
export const defaultLimits: AdmissionLimits = {
  bytes: 64 * 1_024 * 1_024,
  types: 10_000,
  imports: 10_000,
  functions: 100_000,
  tables: 100,
  memories: 100,
  globals: 10_000,
  exports: 100_000,
  tags: 1_000,
  tagParameters: 8,
  segments: 30_000,
  body: 512 * 1_024,
  locals: 4_096,
  nesting: 2_048,
  localBranches: 2_000_000,
  moduleLocalBranches: 16_000_000,
  values: 2_000_000,
  moduleValues: 64_000_000
}

/**
 * Options of {@link admit}. Relaxed SIMD gives results that depend on the
 * machine: refuse it where results have to be reproduced.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdmissionOptions {
  readonly refuseRelaxedSimd?: boolean | undefined
  readonly limits?: Partial<AdmissionLimits> | undefined
}

/**
 * What was counted in a module that was admitted: of `body`, `locals`, `nesting`,
 * `localBranches` and `values` the largest of one function.
 *
 * @category models
 * @since 0.1.0
 */
export interface ModuleAdmission extends AdmissionLimits {
  readonly relaxedSimd: boolean
}

/**
 * Throws `DecodeError` for a core module that this engine does not take:
 * `Refused` with the name of a feature, `TooLarge` for what exceeds a limit,
 * `Malformed` for bytes that cannot be read. What passes still has to be validated.
 *
 * @category guards
 * @since 0.1.0
 */
export const admit = (bytes: Uint8Array, options: AdmissionOptions = {}): ModuleAdmission =>
  atOnce(
    admitModule(bytes, 0, bytes.length, { ...defaultLimits, ...options.limits }, options.refuseRelaxedSimd === true)
  )
