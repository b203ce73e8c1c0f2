/**
 * The capability to write to the host's log.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import * as Powers from "./Powers.ts"
import * as SafeText from "./SafeText.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type Level = "Trace" | "Debug" | "Info" | "Warn" | "Error"

/**
 * Power to write lines to the log in the name of one principal.
 *
 * @category services
 * @since 0.1.0
 */
export class Log extends Capability.Service<Log, {
  /** Writes one line. Characters that a terminal obeys are escaped; 8,192 characters are kept. */
  readonly write: (level: Level, message: string) => Effect.Effect<void, CapabilityError>
}>()("log") {}

/**
 * Source over Effect's logger; each line is annotated with its `principal`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source: Powers.Source = Powers.source(Log, (lease) => ({
  write: (level, message) =>
    lease.use(Effect.annotateLogs(
      Effect.logWithLevel(level)(SafeText.escape(message, 8192)),
      "principal",
      SafeText.escape(lease.principal.label)
    ))
}))
