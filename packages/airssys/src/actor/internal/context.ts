// @effect-diagnostics anyUnknownInErrorContext:off
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import type { ActorContext } from "../ActorContext.ts"
import { ActorStopped, type AskError, type SpawnError, StashFull } from "../ActorError.ts"
import type { ActorRef, AskOptions, SendOptions } from "../ActorRef.ts"
import type { Behaviour, Handler } from "../Behaviour.ts"
import type * as Protocol from "../Protocol.ts"
import type { SpawnOptions } from "../SpawnOptions.ts"
import type { Timers } from "../Timers.ts"
import { answer } from "./answers.ts"
import { Ask } from "./ask.ts"
import { type Bonds, bondsOf, type OnTerminated } from "./bonds.ts"
import { type Cell, cellOf } from "./cell.ts"
import { positiveMillis } from "./durations.ts"
import { aside, changed, running } from "./flags.ts"
import { Envelope, type Ticket } from "./lanes.ts"
import { putFirst } from "./mixed.ts"
import { Stash } from "./stash.ts"
import { deliveryOf, targetOf } from "./target.ts"
import { Idleness, LifeTimers } from "./timing.ts"

const defaultStash = 1000

/** The context of the life a behaviour is run for. */
export class Self extends Context.Service<Self, ActorContext<unknown>>()("airssys/actor/internal/context/Self") {}

const noTimers: Timers<unknown> = {
  once: () => {},
  periodic: () => {},
  cancel: () => {},
  isActive: () => false
}

/** The context a handler gets; it has effect while it is the cell's `live` one. */
export class CellContext implements ActorContext<unknown>, Ticket {
  private readonly cell: Cell

  constructor(cell: Cell) {
    this.cell = cell
  }

  get self(): ActorRef<unknown> {
    return this.cell
  }

  get sender(): ActorRef<never> | undefined {
    if (this.cell.live !== this) return undefined
    const from = this.cell.from
    return from instanceof Ask ? from.sender : from
  }

  get now(): number {
    return this.cell.clock.currentTimeMillisUnsafe()
  }

  reply<Reply, Error>(request: Protocol.Request<Reply, Error>, value: Reply): void {
    if (this.cell.live === this) answer(this.cell, request, Exit.succeed(value))
  }

  fail<Reply, Error>(request: Protocol.Request<Reply, Error>, error: Error): void {
    if (this.cell.live === this) answer(this.cell, request, Exit.fail(error))
  }

  tell<N>(ref: ActorRef<N>, message: N, options?: SendOptions): void {
    targetOf(ref).send(message, this.cell, options === undefined ? undefined : deliveryOf(options))
  }

  ask<N, Reply, Error>(
    ref: ActorRef<N>,
    request: N & Protocol.Request<Reply, Error>,
    options?: AskOptions
  ): Effect.Effect<Reply, Error | AskError> {
    return targetOf(ref).askAs(this.cell, request, options)
  }

  spawn<N, E, R>(
    behaviour: Behaviour<N, E, R>,
    options?: NoInfer<SpawnOptions<N>>
  ): Effect.Effect<ActorRef<N>, E | SpawnError, Exclude<R, Scope.Scope>> {
    return Effect.suspend(() =>
      this.cell.live === this
        ? this.cell.system.spawn(this.cell, behaviour, options)
        : Effect.fail(new ActorStopped({ actor: this.cell.name }))
    )
  }

  stop(): void {
    if (this.cell.live === this) this.cell.leave()
  }

  watch(ref: ActorRef<never>, onTerminated: OnTerminated): void {
    this.bonds?.watch(cellOf(ref), onTerminated)
  }

  unwatch(ref: ActorRef<never>): void {
    if (this.cell.live === this) this.cell.rare?.bonds?.unwatch(cellOf(ref))
  }

  link(ref: ActorRef<never>): void {
    this.bonds?.link(cellOf(ref))
  }

  unlink(ref: ActorRef<never>): void {
    if (this.cell.live === this) this.cell.rare?.bonds?.unlink(cellOf(ref))
  }

  trapExit(onTerminated: OnTerminated | undefined): void {
    const { bonds } = this
    if (bonds !== undefined) bonds.trap = onTerminated
  }

  become(handler: Handler<unknown>): void {
    const { cell } = this
    if (cell.live !== this) return
    cell.handler = handler
    if ((cell.flags & running) !== 0) cell.flags |= changed
  }

  get stashed(): number {
    return this.cell.live === this ? this.cell.rare?.stash?.envelopes.length ?? 0 : 0
  }

  stash(message: unknown): Exit.Exit<void, StashFull> {
    const { cell } = this
    if (cell.live !== this || (cell.flags & running) === 0 || (cell.flags & aside) !== 0) return Exit.void
    const stash = cell.getRare().stash ??= new Stash()
    const capacity = cell.options?.stash ?? defaultStash
    if (!(stash.envelopes.length < capacity)) return Exit.fail(new StashFull({ actor: cell.name, capacity }))
    stash.next = new Envelope(message, cell.from, Infinity, Infinity, undefined)
    cell.flags |= aside
    return Exit.void
  }

  unstash(): void {
    this.putBack(1)
  }

  unstashAll(): void {
    this.putBack(Infinity)
  }

  private putBack(count: number): void {
    const stash = this.cell.live === this ? this.cell.rare?.stash : undefined
    if (stash !== undefined) putFirst(this.cell, stash.envelopes.splice(0, count))
  }

  get timers(): Timers<unknown> {
    const { cell } = this
    // Those of a life that is over do nothing.
    if (cell.live !== this) return noTimers
    return cell.getRare().timers ??= new LifeTimers(cell, this)
  }

  receiveTimeout(timeout: Duration.Input | undefined, message?: unknown): void {
    const { cell } = this
    const millis = timeout === undefined ? undefined : positiveMillis("A receive timeout", timeout)
    if (cell.live !== this) return
    const rare = cell.getRare()
    rare.idleness?.cancel()
    rare.idleness = millis === undefined ? undefined : new Idleness(cell, millis, message)
  }

  continueWith(message: unknown): void {
    if (this.isLive) {
      this.cell.send(message, undefined, { isForced: true, priority: "Next", ttlMillis: Infinity, ticket: this })
    }
  }

  fork<A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Fiber.Fiber<A, E> {
    if (!this.isLive) return Effect.runFork(Effect.interrupt)
    const context = this.cell.openScope()
    return Fiber.runIn(Effect.runForkWith(context)(effect), Context.get(context, Scope.Scope))
  }

  pipeToSelf<A, E>(effect: Effect.Effect<A, E, Scope.Scope>, f: (exit: Exit.Exit<A, E>) => unknown): void {
    if (!this.isLive) return
    this.fork(effect).addObserver((exit) => {
      if (this.isLive) this.cell.inject(() => f(exit))
    })
  }

  get random(): number {
    return Context.get(this.cell.context, Random.Random).nextDoubleUnsafe()
  }

  /** As a ticket: what was sent for this life counts while it lasts. */
  get isLive(): boolean {
    return this.cell.live === this
  }

  private get bonds(): Bonds | undefined {
    return this.cell.live === this ? bondsOf(this.cell) : undefined
  }
}
