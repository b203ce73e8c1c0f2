// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Restart } from "../Guardian.ts"
import { type Entry, isLive } from "./childEntry.ts"
import type { Children } from "./children.ts"
import { inTurn, together } from "./inTurn.ts"

/** Children that are restarted together. A later wave takes over what an earlier one has not done. */
interface Wave {
  readonly crashed: Entry
  readonly entries: Set<Entry>
  readonly restart: Restart
}

/** The restarts of several children of a supervisor. Each stops or starts them while it has its lock. */
export class Waves {
  private wave: Wave | undefined
  /** The wave whose children are being started, which a later one may have taken over. */
  private starting: Wave | undefined
  private readonly fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  private readonly children: Children
  private readonly failedToStart: (entry: Entry, cause: Cause.Cause<unknown>) => void

  constructor(children: Children, failedToStart: (entry: Entry, cause: Cause.Cause<unknown>) => void) {
    this.children = children
    this.failedToStart = failedToStart
  }

  /** The restart for which a child would be suspended next. */
  of(entry: Entry): Restart | undefined {
    return this.wave?.entries.has(entry) === true ? this.wave.restart : undefined
  }

  /** The wave that starts children may have been overtaken, and starts the rest of its own. */
  leave(entry: Entry): void {
    this.wave?.entries.delete(entry)
    this.starting?.entries.delete(entry)
  }

  started(entry: Entry): void {
    this.starting?.entries.delete(entry)
  }

  clear(): void {
    this.wave = undefined
    this.starting = undefined
  }

  begin(crashed: Entry, affected: ReadonlyArray<Entry>, restart: Restart): void {
    const wave = { crashed, restart, entries: new Set([...affected, ...this.wave?.entries ?? []]) }
    this.wave = wave
    const fiber = Effect.runForkWith(this.children.cell.context)(this.run(wave))
    this.fibers.add(fiber)
    fiber.addObserver(() => this.fibers.delete(fiber))
  }

  /** Ends what is under way; `next` is called when it has ended. */
  stop(next: () => void): void {
    this.wave = undefined
    const fibers = [...this.fibers]
    for (const fiber of fibers) fiber.interruptUnsafe()
    together(fibers, (fiber, done) => fiber.addObserver(done), next)
  }

  private run(wave: Wave): Effect.Effect<void> {
    const step = (effect: Effect.Effect<void>) =>
      this.children.locked(Effect.suspend(() => this.wave === wave ? effect : Effect.void))
    // The crash is still on the stack.
    return Effect.yieldNow.pipe(
      Effect.andThen(step(this.suspendAll(wave))),
      Effect.andThen(wave.restart.delayMillis > 0 ? Effect.sleep(wave.restart.delayMillis) : Effect.void),
      Effect.andThen(step(this.startAll(wave)))
    )
  }

  /** The one that crashed first, which is down already, then the newest first. */
  private suspendAll({ crashed, entries, restart }: Wave): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const affected = this.ordered(entries).toReversed().filter((entry) => entry !== crashed)
      inTurn(
        [crashed, ...affected],
        // Who was stopped has left, and may have been started again by hand.
        (entry, next) => entries.has(entry) ? this.children.suspend(entry, restart, next) : next(),
        () => resume(Effect.void)
      )
    })
  }

  private startAll(wave: Wave): Effect.Effect<void> {
    const { children } = this
    return Effect.gen({ self: this }, function*() {
      this.starting = wave
      for (const entry of this.ordered(wave.entries)) {
        if (children.status !== "Running") return
        let isSuspended = false
        const exit = yield* Effect.exit(Effect.uninterruptibleMask((restore): Effect.Effect<unknown, unknown> => {
          if (!wave.entries.has(entry)) return Effect.void
          isSuspended = isLive(entry)
          return isSuspended ? restore(children.resume(entry, wave.restart)) : children.launcher.claim(entry, restore)
        }))
        // It is taken out of the wave when it starts, or is stopped.
        if (exit._tag === "Success" || !wave.entries.has(entry)) continue
        // One that was suspended has been decided about, like every crash.
        if (!isSuspended) this.failedToStart(entry, exit.cause)
        return
      }
      if (this.wave === wave) this.wave = undefined
    })
  }

  private ordered(entries: ReadonlySet<Entry>): Array<Entry> {
    return [...this.children.entries.values()].filter((entry) => entries.has(entry))
  }
}
