// A handler may fail with anything: that is its supervisor's matter.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { hasProperty } from "effect/Predicate"
import * as References from "effect/References"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import type { ActorContext } from "../ActorContext.ts"
import type { Handler } from "../Behaviour.ts"
import { Ask } from "./ask.ts"
import type { Cell } from "./cell.ts"
import { overlayHandler, overlaySend } from "./overlay.ts"
import { plainDelivery } from "./target.ts"

type Result = ReturnType<Handler<unknown>>

/**
 * Spans that travel with messages. Who sends within a span sends it along; the
 * message is handled in a child of it, and so on. Without one, nothing is added.
 */
export class Spans {
  /** Of the handler on the stack, which no fiber runs. */
  private current: Tracer.AnySpan | undefined

  attach(cell: Cell): void {
    overlaySend(cell, (send, message, from, delivery) => {
      const span = delivery?.span ?? this.current ?? spanOfFiber()
      return send(message, from, span === undefined ? delivery : { ...(delivery ?? plainDelivery), span })
    })
    overlayHandler(cell, (handler) => (message, context) => {
      const parent = cell.rare?.span
      if (parent === undefined) return handler(message, context)
      cell.rare!.span = undefined
      return this.handle(cell, parent, handler, message, context)
    })
  }

  private handle(
    cell: Cell,
    parent: Tracer.AnySpan,
    handler: Handler<unknown>,
    message: unknown,
    context: ActorContext<unknown>
  ): Result {
    const span = spanOf(cell, parent, message)
    const end = (exit: Exit.Exit<unknown, unknown>) => span.end(cell.clock.currentTimeNanosUnsafe(), exit)
    const outer = this.current
    this.current = span
    let result: Result
    try {
      result = handler(message, context)
    } catch (defect) {
      end(Exit.die(defect))
      throw defect
    } finally {
      this.current = outer
    }
    if (result === undefined || !Effect.isEffect(result) || Exit.isExit(result)) {
      end(result !== undefined && Exit.isExit(result) ? result : Exit.void)
      return result
    }
    const handled: Effect.Effect<unknown, unknown, Scope.Scope> = result
    return Effect.onExit(
      Effect.provideService(handled, Tracer.ParentSpan, span),
      (exit) => Effect.sync(() => end(exit))
    )
  }
}

const spanOfFiber = (): Tracer.AnySpan | undefined => {
  const fiber = Fiber.getCurrent()
  return fiber === undefined ? undefined : spanIn(fiber.context)
}

/** The span that what is sent in a context takes along. */
export const spanIn = (context: Context.Context<never>): Tracer.AnySpan | undefined => {
  if (!Context.get(context, References.TracerEnabled)) return undefined
  const span = Option.getOrUndefined(Context.getOption(context, Tracer.ParentSpan))
  return span === undefined || Context.get(span.annotations, Tracer.DisablePropagation) ? undefined : span
}

const spanOf = (cell: Cell, parent: Tracer.AnySpan, message: unknown): Tracer.Span => {
  const tag = hasProperty(message, "_tag") && typeof message._tag === "string" ? message._tag : "message"
  const span = Context.get(cell.context, Tracer.Tracer).span({
    name: `${cell.name} ${tag}`,
    parent: Option.some(parent),
    annotations: Context.empty(),
    links: [],
    startTime: cell.clock.currentTimeNanosUnsafe(),
    kind: cell.from instanceof Ask ? "server" : "consumer",
    root: false,
    sampled: parent.sampled
  })
  span.attribute("airssys.actor.id", cell.id)
  span.attribute("airssys.actor.name", cell.name)
  return span
}
