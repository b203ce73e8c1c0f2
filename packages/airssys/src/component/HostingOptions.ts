/**
 * How a component is hosted, as its operator decides.
 *
 * @since 0.1.0
 */
import type * as ByteSize from "effect/ByteSize"
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import type { Grant } from "../security/Grant.ts"
import type { Tier } from "./ComponentEngine.ts"

/**
 * How a component is hosted. Limits are never above what its manifest asks:
 * more fails with `LimitAboveAsked`, and what is no
 * positive, finite limit with `InvalidLimit`.
 *
 * @category models
 * @since 0.1.0
 */
export interface HostingOptions {
  readonly limits?: {
    /** Such as `"32 MiB"`; a number is bytes. */
    readonly memory?: ByteSize.Input | undefined
    readonly fuel?: number | undefined
    readonly timeout?: Duration.Input | undefined
  } | undefined
  /** How long the calls of the host may take, each for itself; the limits of a message hold for them as well. */
  readonly hooks?: {
    /** `lifecycle.init`, default 10 seconds. */
    readonly init?: Duration.Input | undefined
    /**
     * `lifecycle.shutdown`, default 2 seconds. Its actor waits no longer than the `abandonAfter`
     * of its system, 5 seconds by default, and is killed then: a start with more is warned of in the log.
     */
    readonly shutdown?: Duration.Input | undefined
    /** `callback-handler.handle-callback`, default 10 seconds. */
    readonly callback?: Duration.Input | undefined
  } | undefined
  /** How the health of a component that exports `airssys:core/health` is checked, and of any seen from outside. */
  readonly health?: {
    /** Default 10 seconds. An instance that works on one message for longer is degraded until it ends. */
    readonly every?: Duration.Input | undefined
    /** How long one check may hold up messages, default 1 second. A later answer is none, and the instance is lost. */
    readonly timeout?: Duration.Input | undefined
    /** After so many reports of `unhealthy` in a row the instance is given up, default 3. */
    readonly failures?: number | undefined
  } | undefined
  /** What the operator grants; without grants a component holds nothing. */
  readonly grants?: ReadonlyArray<Grant> | undefined
  /** Values for `airssys:core/environment`, by name. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Values for the keys of the manifest's `[config]`. */
  readonly config?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Values for those of type `secret`: only `airssys:core/configuration` gives them out. */
  readonly secrets?: Readonly<Record<string, Redacted.Redacted>> | undefined
  /**
   * Default `auto`: this thread for a trusted release whose limits can be kept there, else a worker,
   * else this thread if the engine stops guests there by fuel and time, else the start is refused.
   * Only by naming `inline` does an unknown release run in the thread of an engine that cannot.
   */
  readonly tier?: Tier | "auto" | undefined
}
