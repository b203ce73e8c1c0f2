// @effect-diagnostics anyUnknownInErrorContext:off
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { ActorContext } from "../ActorContext.ts"
import { ActorStopped, type AskError, type SpawnError } from "../ActorError.ts"
import type { ActorRef, AskOptions, SendOptions } from "../ActorRef.ts"
import type { Behaviour } from "../Behaviour.ts"
import type * as Protocol from "../Protocol.ts"
import type { SpawnOptions } from "../SpawnOptions.ts"
import { Ask } from "./ask.ts"
import { type Bonds, bondsOf, type OnTerminated } from "./bonds.ts"
import { type Cell, cellOf } from "./cell.ts"
import { deliveryOf, targetOf } from "./target.ts"

/** The context a handler gets; it has effect while it is the cell's `live` one. */
export class CellContext implements ActorContext<unknown> {
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
    if (this.cell.live === this) this.cell.answer(request, Exit.succeed(value))
  }

  fail<Reply, Error>(request: Protocol.Request<Reply, Error>, error: Error): void {
    if (this.cell.live === this) this.cell.answer(request, Exit.fail(error))
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
    options?: SpawnOptions
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

  private get bonds(): Bonds | undefined {
    return this.cell.live === this ? bondsOf(this.cell) : undefined
  }
}
