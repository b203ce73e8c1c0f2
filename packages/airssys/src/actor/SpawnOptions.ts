/**
 * How an actor is set up.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"
import type { Guardian } from "./Guardian.ts"
import type { Mailbox } from "./Mailbox.ts"
import type * as Protocol from "./Protocol.ts"

/**
 * What an actor that takes `M` is called, what it takes, and how long it may take
 * to start and to stop.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpawnOptions<out M> {
  /** Unique among the live actors of the system, for `lookup`. */
  readonly name?: string | undefined
  /** With a name, lets `lookup` give a ref that can be told these messages; the actor may take others, too. */
  readonly protocol?: Protocol.Any<M> | undefined
  /** Default: unbounded. */
  readonly mailbox?: Mailbox | undefined
  /**
   * What a message has to be: one that is not of its type is rejected as
   * `Invalid` and no handler sees it. For actors that are told by what no
   * compiler checked. Default: every message is taken as it is.
   */
  readonly schema?: Schema.Schema<Protocol.Fields<M>> | undefined
  /** How many messages may be stashed, a whole number from 0 or infinity. Default: 1000. */
  readonly stash?: number | undefined
  /** How long a stop lets the actor work off what waits. Default: 5 seconds. */
  readonly shutdown?: Duration.Input | undefined
  /** How long a start or restart may take. Default: 30 seconds. */
  readonly startTimeout?: Duration.Input | undefined
  /**
   * How often a message that crashes the actor is delivered again, before all
   * others, when it has been restarted; its asker waits on. A whole number from 0.
   * One more crash and the message is quarantined: a dead letter. Default:
   * never, and it counts as failed.
   */
  readonly redeliver?: number | undefined
  /** Who decides what follows when the actor crashes or ends. Default: nobody, it ends. */
  readonly guardian?: Guardian | undefined
}
