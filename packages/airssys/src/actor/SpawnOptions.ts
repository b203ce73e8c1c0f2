/**
 * How an actor is set up.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type { Guardian } from "./Guardian.ts"
import type { Mailbox } from "./Mailbox.ts"
import type * as Protocol from "./Protocol.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface SpawnOptions {
  /** Unique among the live actors of the system, for `lookup`. */
  readonly name?: string | undefined
  /** With a name, lets `lookup` give a ref that can be told. */
  readonly protocol?: Protocol.Any | undefined
  /** Default: unbounded. */
  readonly mailbox?: Mailbox | undefined
  /** How long a stop lets the actor work off what waits. Default: 5 seconds. */
  readonly shutdown?: Duration.Input | undefined
  /** How long a start or restart may take. Default: 30 seconds. */
  readonly startTimeout?: Duration.Input | undefined
  /** Who decides what follows when the actor crashes or ends. Default: nobody, it ends. */
  readonly guardian?: Guardian | undefined
}
