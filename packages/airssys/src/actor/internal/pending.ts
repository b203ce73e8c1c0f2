// @effect-diagnostics anyUnknownInErrorContext:off
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Ending, Task } from "../Pending.ts"

/** What an actor needs of a fiber that works for it. */
export interface Worker<A = unknown, E = unknown>
  extends Pick<Fiber.Fiber<A, E>, "interruptUnsafe" | "addObserver" | "pollUnsafe">
{
  /** Ends, with code of the handler on the stack. */
  readonly isEnding?: boolean
}

type Told<Observer, A, E> = (observer: Observer, work: Work<A, E>, exit: Exit.Exit<A, E>) => void

/** One run of a pending effect. It is over when `begin` has said so, interrupted or not. */
export class Work<A, E> implements Worker<A, E>, Ending<unknown, unknown> {
  private readonly pending: Pending<A, E>
  private readonly giveUp: () => void
  private exit: Exit.Exit<A, E> | undefined = undefined
  isEnding = false
  private isInterrupted = false
  private observer: unknown = undefined
  private told: Told<never, A, E> | undefined = undefined

  constructor(pending: Pending<A, E>, context: Context.Context<never>) {
    this.pending = pending
    this.giveUp = pending.task.begin(context, this)
  }

  end(exit: Exit.Exit<unknown, unknown>): void {
    if (this.exit !== undefined) return
    this.isEnding = true
    this.exit = this.isInterrupted ? Exit.interrupt() : this.pending.settled(exit)
    this.isEnding = false
    this.told?.(this.observer as never, this, this.exit)
  }

  interruptUnsafe(): void {
    if (this.exit !== undefined || this.isInterrupted) return
    this.isInterrupted = true
    this.giveUp()
  }

  pollUnsafe(): Exit.Exit<A, E> | undefined {
    return this.exit
  }

  /** Only the last observer is told: those before it wait no longer when there is another. */
  addObserver(observer: (exit: Exit.Exit<A, E>) => void): () => void {
    this.tell(observer, tellObserver)
    return () => {}
  }

  /** As an observer, which needs no function of its own. */
  tell<Observer>(observer: Observer, told: Told<Observer, A, E>): void {
    if (this.exit !== undefined) return told(observer, this, this.exit)
    this.observer = observer
    this.told = told
  }
}

const tellObserver = <A, E>(
  observer: (exit: Exit.Exit<A, E>) => void,
  _: Work<A, E>,
  exit: Exit.Exit<A, E>
): void => observer(exit)

/** An Effect that an actor can run without a fiber. */
export class Pending<A, E> extends Effectable.Class<A, E> {
  readonly task: Task<unknown, unknown>
  private readonly settle: ((exit: Exit.Exit<never, never>) => Exit.Exit<A, E>) | undefined

  constructor(task: Task<unknown, unknown>, settle?: (exit: Exit.Exit<never, never>) => Exit.Exit<A, E>) {
    super()
    this.task = task
    this.settle = settle
  }

  settled(exit: Exit.Exit<unknown, unknown>): Exit.Exit<A, E> {
    if (this.settle === undefined) return exit as never
    try {
      return this.settle(exit as never)
    } catch (defect) {
      return Exit.die(defect)
    }
  }

  run(context: Context.Context<never>): Worker<A, E> {
    return new Work(this, context)
  }

  override asEffect(): Effect.Effect<A, E> {
    return Effect.withFiber((fiber) =>
      Effect.callback((resume) => {
        const work = new Work(this, fiber.context)
        work.addObserver(resume)
        return Effect.callback((over) => {
          work.addObserver(() => over(Exit.void))
          work.interruptUnsafe()
        })
      })
    )
  }
}

/** Keeps the shapes of both alive while there is none, and with them the code that was compiled for them. */
export const kept: Worker = new Pending({ begin: () => () => {} }).run(Context.empty())
