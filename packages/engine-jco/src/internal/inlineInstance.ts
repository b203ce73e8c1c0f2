/**
 * An instance in the thread of its callers.
 *
 * Nothing can stop it from outside while it computes. It is left for good after
 * any failure that is not a typed `result`, also when a call is interrupted
 * while it waits for a host function.
 */
import type * as ComponentEngine from "airssys/component/ComponentEngine"
import { type ComponentError, InstantiateError } from "airssys/component/ComponentError"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Export } from "./compiled.ts"
import { Guest, type Plan } from "./guest.ts"
import { hostResult, startHost } from "./hostCall.ts"
import { EngineInstance, type Loaded } from "./instance.ts"
import { classify, type Stop } from "./traps.ts"

export class InlineInstance extends EngineInstance {
  readonly tier = "inline"
  readonly #functions: ReadonlyArray<ComponentEngine.HostFunction>
  readonly #fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  readonly #guest: Guest
  #context: Context.Context<never>
  #abort: ((stop: Stop) => void) | undefined = undefined

  private constructor(
    loaded: Loaded,
    plan: Plan,
    functions: ReadonlyArray<ComponentEngine.HostFunction>,
    context: Context.Context<never>
  ) {
    super(loaded)
    this.#functions = functions
    this.#context = context
    this.#guest = new Guest(plan, loaded.compiled.instantiate, (index, args, guest) => this.#host(index, args, guest))
  }

  static make = (
    loaded: Loaded,
    plan: Plan,
    functions: ReadonlyArray<ComponentEngine.HostFunction>
  ): Effect.Effect<InlineInstance, InstantiateError> =>
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.try({
        try: () => new InlineInstance(loaded, plan, functions, context),
        catch: (error) =>
          new InstantiateError({ reason: "StartFailed", detail: `instantiation failed: ${classify(error).detail}` })
      })
    )

  run(
    fiber: Fiber.Fiber<unknown, unknown>,
    target: Export,
    args: ReadonlyArray<unknown>
  ): Effect.Effect<ComponentEngine.CallResult, ComponentError> {
    const clock = fiber.getRef(Clock.Clock)
    const started = clock.monotonicTimeNanosUnsafe()
    const guest = this.#guest
    this.#context = fiber.context
    this.state = "Running"
    guest.refill()
    if (this.component.surface.suspends) return this.#suspending(target, args, clock, started)
    let value: unknown
    try {
      value = guest.functions[target.index]!(...args)
    } catch (error) {
      return this.#trapped(target, guest.failed(error))
    }
    if (guest.stopped !== undefined) return this.#trapped(target, guest.stopped)
    return this.#returned(value, clock, started)
  }

  #returned(value: unknown, clock: Clock.Clock, started: bigint): Exit.Exit<ComponentEngine.CallResult> {
    if (this.state === "Running") this.state = "Idle"
    return Exit.succeed({
      value,
      receipt: {
        fuel: undefined,
        costTable: undefined,
        memory: this.#guest.memory(),
        nanos: clock.monotonicTimeNanosUnsafe() - started
      }
    })
  }

  #trapped(target: Export, stop: Stop): Exit.Exit<never, ComponentError> {
    this.lose()
    return Exit.fail(this.trap(target, stop))
  }

  #suspending(
    target: Export,
    args: ReadonlyArray<unknown>,
    clock: Clock.Clock,
    started: bigint
  ): Effect.Effect<ComponentEngine.CallResult, ComponentError> {
    return Effect.callback((resume) => {
      const guest = this.#guest
      let settled = false
      const settle = (effect: Effect.Effect<ComponentEngine.CallResult, ComponentError>): void => {
        if (settled) return
        settled = true
        this.#abort = undefined
        resume(effect)
      }
      this.#abort = (stop) => settle(this.#trapped(target, stop))
      const failed = (error: unknown): void => settle(this.#trapped(target, guest.failed(error)))
      try {
        const pending = guest.functions[target.index]!(...args) as Promise<unknown>
        pending.then(
          (value) =>
            settle(
              guest.stopped === undefined ? this.#returned(value, clock, started) : this.#trapped(target, guest.stopped)
            ),
          failed
        )
      } catch (error) {
        failed(error)
      }
      return Effect.sync(() => {
        settled = true
        this.#abort = undefined
        this.lose()
      })
    })
  }

  #host(index: number, args: ReadonlyArray<unknown>, guest: Guest): unknown {
    const declared = this.component.surface.imports[index]!
    const stop = (reason: Stop): unknown => {
      const error = guest.stop(reason)
      this.#abort?.(reason)
      return error
    }
    const gone = { category: "Cancelled", detail: "the instance is gone" } as const
    if (this.#isGone()) throw stop(gone)
    const outcome = startHost(this.#functions[index]!, args, this.#context)
    if (Exit.isExit(outcome)) {
      const result = hostResult(declared, outcome)
      if (result._tag === "Stop") throw stop(result.stop)
      return result.value
    }
    if (this.#isGone()) {
      outcome.interruptUnsafe()
      throw stop(gone)
    }
    this.#fibers.add(outcome)
    return new Promise((resolve, reject) => {
      outcome.addObserver((exit) => {
        this.#fibers.delete(outcome)
        const result = hostResult(declared, exit)
        if (result._tag === "Stop") reject(stop(result.stop))
        else resolve(result.value)
      })
    })
  }

  #isGone(): boolean {
    return this.state === "Poisoned" || this.state === "Disposed"
  }

  override lose(): void {
    super.lose()
    for (const fiber of this.#fibers) fiber.interruptUnsafe()
    this.#fibers.clear()
  }

  get dispose(): Effect.Effect<void> {
    return Effect.sync(() => {
      this.lose()
      this.state = "Disposed"
    })
  }
}
