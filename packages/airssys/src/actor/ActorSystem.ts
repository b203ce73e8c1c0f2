/**
 * The actors of a program: it spawns, finds, stops and accounts for them.
 *
 * An actor has its own Effect context, captured where it is spawned, its own
 * scope, and at any time at most one message in work. When the layer closes,
 * every actor is stopped, the newest first.
 *
 * A stop or a kill is final: no restart policy overrules it. A handler that
 * blocks the thread cannot be stopped by anybody.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Accounting from "./Accounting.ts"
import type { SpawnError } from "./ActorError.ts"
import type { ActorEvent } from "./ActorEvent.ts"
import { ActorHooks } from "./ActorHooks.ts"
import type { ActorRef } from "./ActorRef.ts"
import type { Behaviour } from "./Behaviour.ts"
import type { DeadLetter } from "./DeadLetter.ts"
import { metricsOf } from "./internal/accounts.ts"
import { cellOf } from "./internal/cell.ts"
import { millisOf, positiveMillis } from "./internal/durations.ts"
import { pools } from "./internal/pool.ts"
import { awaitEnd, awaitStop, kill } from "./internal/stopping.ts"
import { System } from "./internal/system.ts"
import * as watching from "./internal/watchdog.ts"
import type * as Mailbox from "./Mailbox.ts"
import type * as Protocol from "./Protocol.ts"
import type { Snapshot } from "./Snapshot.ts"
import type { SpawnOptions } from "./SpawnOptions.ts"
import type * as Termination from "./Termination.ts"
import { TurnScheduler } from "./TurnScheduler.ts"

/**
 * Service that runs actors.
 *
 * @category services
 * @since 0.1.0
 */
export class ActorSystem extends Context.Service<ActorSystem, {
  /**
   * Starts an actor with the services at hand. It succeeds when the behaviour
   * has; before that, messages wait. Interrupting it ends the actor. Dies with a
   * `RangeError` where a number or a duration of the options makes no sense.
   */
  readonly spawn: <M, E, R>(
    behaviour: Behaviour<M, E, R>,
    options?: NoInfer<SpawnOptions<M>>
  ) => Effect.Effect<ActorRef<M>, E | SpawnError, Exclude<R, Scope.Scope>>
  /**
   * Refuses new messages, lets waiting ones be handled until the actor's
   * shutdown time is over, then kills it. Ends when the actor has ended.
   */
  readonly stop: (ref: ActorRef<never>) => Effect.Effect<void>
  /**
   * Interrupts what runs, whose asker fails with `ActorStopped`, and discards
   * what waits. Ends when the actor has ended.
   */
  readonly kill: (ref: ActorRef<never>) => Effect.Effect<void>
  /** Waits for the final end of an actor. */
  readonly awaitEnd: (ref: ActorRef<never>) => Effect.Effect<Termination.Reason>
  /**
   * Finds a live actor by its name. With the protocol it was spawned with, the
   * ref can be told.
   */
  readonly lookup: {
    (name: string): Effect.Effect<Option.Option<ActorRef<never>>>
    <P extends Protocol.Any>(name: string, protocol: P): Effect.Effect<Option.Option<ActorRef<Protocol.Message<P>>>>
  }
  /** The lifecycle events from the subscription on; a subscriber 4096 behind loses the oldest. */
  readonly events: Stream.Stream<ActorEvent>
  /** The dead letters from the subscription on; a subscriber 1024 behind loses the oldest. */
  readonly deadLetters: Stream.Stream<DeadLetter>
  /**
   * Sends the message of a dead letter again as its sender did, to the same
   * actor or another; whether it was taken. Only an actor with a schema checks
   * that the message is for it.
   */
  readonly replay: (letter: DeadLetter, to?: ActorRef<never>) => Effect.Effect<boolean>
  /** What the mailbox of an actor holds at this moment, and what became of all it was sent. */
  readonly metrics: (ref: ActorRef<never>) => Effect.Effect<Mailbox.Metrics>
  /** All actors at this moment. It takes time with their number: about a microsecond each. */
  readonly snapshot: Effect.Effect<Snapshot>
  /** Where every message is at this moment. */
  readonly accounting: Effect.Effect<Accounting.Accounting>
  /** How long something that was interrupted may take to end; then it is left behind. */
  readonly abandonAfter: Duration.Duration
}>()("airssys/actor/ActorSystem") {}

/**
 * How a system stops its actors, and what it looks at.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How long something that was interrupted may take to end. Default: 5 seconds. */
  readonly abandonAfter?: Duration.Input | undefined
  /** How long all actors together may take to stop. Default: 30 seconds. */
  readonly shutdown?: Duration.Input | undefined
  /** Looks for actors that do not get on, and tells of them as events. Default: nobody looks. */
  readonly watchdog?: Watchdog | undefined
  /**
   * Whether spans travel with messages: what is sent within a span is handled
   * in a child of it, a `server` span for an ask and a `consumer` span
   * otherwise. Messages that are sent outside of a span stay without. It makes
   * every message of the system dearer. Default: false.
   */
  readonly tracing?: boolean | undefined
}

/**
 * Tells `StuckMailbox` of an actor that has messages and begins none, and
 * `AskCycle` of actors that wait for each other. A look takes time with the
 * number of actors: about 50 nanoseconds each.
 *
 * @category models
 * @since 0.1.0
 */
export interface Watchdog {
  /** By the actor's clock. Default: 10 seconds. */
  readonly stuckAfter?: Duration.Input | undefined
  /** From one look to the next; an event may come so much later. Default: 1 second. */
  readonly every?: Duration.Input | undefined
}

/** The options in milliseconds. */
interface Settings {
  readonly abandonAfterMillis: number
  readonly shutdownMillis: number
  readonly isTracing: boolean
  readonly watchdog: Record<"stuckMillis" | "everyMillis", number> | undefined
}

const settingsOf = ({ abandonAfter = "5 seconds", shutdown = "30 seconds", tracing, watchdog }: Options): Settings => ({
  abandonAfterMillis: millisOf("The time before something is abandoned", abandonAfter),
  shutdownMillis: millisOf("The time to shut down", shutdown),
  isTracing: tracing ?? false,
  watchdog: watchdog === undefined ? undefined : {
    stuckMillis: millisOf("The time before a mailbox is stuck", watchdog.stuckAfter ?? "10 seconds"),
    everyMillis: positiveMillis("The time between two looks", watchdog.every ?? "1 second")
  }
})

/**
 * Keeps the shapes of a generator that waits alive while nobody asks. V8 would
 * forget them at the next full collection otherwise, and with them the code that
 * was compiled for asking.
 */
const keepShapes = Effect.forkScoped(Effect.gen(function*() {
  return yield* Effect.never
}))

const make = Effect.fnUntraced(function*(
  settings: Settings,
  how: "Stop" | "Kill",
  shutdownContext?: Context.Context<never>
) {
  const events = yield* PubSub.sliding<ActorEvent>(4096)
  const letters = yield* PubSub.sliding<DeadLetter>(1024)
  const system = new System({
    scheduler: yield* TurnScheduler,
    hooks: yield* ActorHooks,
    shutdownContext: shutdownContext ?? (yield* Effect.context()),
    events,
    letters,
    settings
  })
  yield* Effect.addFinalizer(() => Effect.andThen(PubSub.shutdown(events), PubSub.shutdown(letters)))
  yield* Effect.addFinalizer(() => system.shutdown(how))
  yield* keepShapes
  if (settings.watchdog !== undefined) {
    const { everyMillis, stuckMillis } = settings.watchdog
    const watchdog = new watching.Watchdog(system, stuckMillis)
    yield* Effect.forkScoped(
      Effect.forever(Effect.andThen(Effect.sleep(everyMillis), Effect.sync(() => watchdog.look())))
    )
  }
  return ActorSystem.of({
    spawn: (behaviour, options) => system.spawn(undefined, behaviour, options),
    stop: (ref) => awaitStop(cellOf(ref)),
    kill: (ref) => kill(cellOf(ref)),
    awaitEnd: (ref) => awaitEnd(cellOf(ref)),
    lookup: (name: string, protocol?: Protocol.Any) =>
      Effect.sync(() => {
        const cell = system.names.get(name)
        if (cell === undefined) return Option.none()
        const { protocol: known, ref } = pools.get(cell) ?? { protocol: cell.options?.protocol, ref: cell }
        return protocol === undefined || protocol === known ? Option.some(ref) : Option.none()
      }),
    events: Stream.fromPubSub(events),
    deadLetters: Stream.fromPubSub(letters),
    replay: (letter, to = letter.recipient) => Effect.sync(() => system.replay(letter, to)),
    metrics: (ref) => Effect.sync(() => metricsOf(cellOf(ref))),
    snapshot: Effect.map(
      Clock.currentTimeMillis,
      (at) => ({ at, actors: system.snapshot, accounting: system.accounting })
    ),
    accounting: Effect.sync(() => system.accounting),
    abandonAfter: Duration.millis(settings.abandonAfterMillis)
  })
})

/**
 * Layer of an actor system with its own bounds for stopping. Throws a
 * `RangeError` where a duration of the options is none.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options: Options): Layer.Layer<ActorSystem> => {
  const settings = settingsOf(options)
  return Layer.effect(ActorSystem, make(settings, "Stop"))
}

/**
 * Whether spans travel with the messages of `layer`, for programs that do not
 * build it themselves: see `tracing` of `Options`. Read when it is built; false
 * by default.
 *
 * @category references
 * @since 0.1.0
 */
export const Tracing: Context.Reference<boolean> = Context.Reference<boolean>("airssys/actor/ActorSystem/Tracing", {
  defaultValue: () => false
})

/**
 * Layer of an actor system.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ActorSystem> = Layer.effect(
  ActorSystem,
  Effect.flatMap(Tracing, (tracing) => make(settingsOf({ tracing }), "Stop"))
)

/**
 * Layer for tests: it kills its actors when it closes, so that nothing waits
 * for a clock that the test does not move, and it dies where a message is
 * unaccounted for then. What cannot be interrupted is abandoned after one
 * second of real time.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerTest: Layer.Layer<ActorSystem> = Layer.effect(
  ActorSystem,
  Effect.gen(function*() {
    // Finalizers run in reverse: the system's own ones go first.
    let accounting: Effect.Effect<Accounting.Accounting> | undefined
    yield* Effect.addFinalizer(() =>
      accounting === undefined ?
        Effect.void :
        Effect.flatMap(accounting, (accounts) =>
          Accounting.isBalanced(accounts) && accounts.stashed + accounts.running + accounts.waiting === 0
            ? Effect.void
            : Effect.die(new Error(`Messages are unaccounted for: ${JSON.stringify(accounts)}`)))
    )
    const system = yield* make(settingsOf({ shutdown: "1 second" }), "Kill", Context.empty())
    accounting = system.accounting
    return system
  })
)
