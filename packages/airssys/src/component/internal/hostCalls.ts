/**
 * The host functions of one instance, as its engine calls them.
 *
 * An Effect runs with the context of the call it is part of, on a fiber where it
 * needs one. It is interrupted when that call is over, or its instance is.
 */
import type * as Engine from "@airssys/engine/Engine"
import * as EngineTrap from "@airssys/engine/Trap"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Pending from "../../actor/Pending.ts"
import type { HostFunction, HostTrap, Imports } from "../ComponentEngine.ts"

/**
 * What a call costs where its function does not say: to decide about it, record
 * it and answer takes about a microsecond, and a guest with fuel for a
 * millisecond is not to keep the thread for ten.
 */
const defaultFuel = 1_000

export class HostCalls {
  /** Of the call that runs. */
  context: Context.Context<never> = Context.empty()
  /** What interrupts those that wait. */
  readonly #waiting = new Set<() => void>()
  #isClosed = false

  /** The imports for the engine. */
  bind(imports: Imports): Engine.Imports {
    return new Map(
      Array.from(imports, ([owner, functions]) => [
        owner,
        new Map(
          Array.from(functions, ([name, host]) => [name, this.#bound(owner === "" ? name : `${owner}#${name}`, host)])
        )
      ])
    )
  }

  #bound(name: string, host: HostFunction): Engine.HostFunc {
    const { fuel = defaultFuel } = host
    if (host._tag === "Async") {
      return { async: true, fuel, call: (...args: ReadonlyArray<unknown>) => this.#start(name, host.call, args) }
    }
    const { call } = host
    return {
      fuel,
      call: (...args: ReadonlyArray<unknown>) => {
        if (this.#isClosed) throw ended(name)
        try {
          return call(args)
        } catch (error) {
          throw stopped(name, error)
        }
      }
    }
  }

  #start(
    name: string,
    call: (args: ReadonlyArray<unknown>) => Effect.Effect<unknown, HostTrap>,
    args: ReadonlyArray<unknown>
  ): unknown {
    let interrupt: () => void
    let exit: Exit.Exit<unknown, HostTrap> | undefined
    let settle = (ended: Exit.Exit<unknown, HostTrap>): void => {
      exit = ended
    }
    if (this.#isClosed) throw ended(name)
    try {
      const effect = call(args)
      if (Exit.isExit(effect)) return settled(name, effect)
      interrupt = Pending.run(effect, this.context, (ended) => settle(ended))
    } catch (error) {
      throw stopped(name, error)
    }
    if (exit !== undefined) return settled(name, exit)
    this.#waiting.add(interrupt)
    const answer = new Promise((resolve, reject) => {
      settle = (ended) => {
        this.#waiting.delete(interrupt)
        if (Exit.isSuccess(ended)) resolve(ended.value)
        else reject(failed(name, ended.cause))
      }
    })
    // The engine may have ended the guest before it looks at the answer.
    answer.catch(() => undefined)
    return answer
  }

  /** Ends what waits for the call that is over. */
  end(): void {
    if (this.#waiting.size === 0) return
    for (const interrupt of this.#waiting) interrupt()
    this.#waiting.clear()
  }

  /** Ends what waits, and refuses each call of a guest that is ended while it is on the stack. */
  close(): void {
    this.#isClosed = true
    this.end()
  }
}

const ended = (name: string): EngineTrap.HostTrap =>
  new EngineTrap.HostTrap("Cancelled", `${name}: the guest has ended`)

const settled = (name: string, exit: Exit.Exit<unknown, unknown>): unknown => {
  if (Exit.isSuccess(exit)) return exit.value
  throw failed(name, exit.cause)
}

const failed = (name: string, cause: Cause.Cause<unknown>): unknown =>
  Cause.hasInterruptsOnly(cause)
    ? new EngineTrap.HostTrap("Cancelled", `${name} was interrupted`)
    : stopped(name, Cause.squash(cause))

/** The engine itself judges an exhausted stack: the guest may have used it up. */
const stopped = (name: string, error: unknown): unknown => {
  if (error instanceof EngineTrap.HostTrap || error instanceof RangeError) return error
  if (isHostTrap(error)) return new EngineTrap.HostTrap(error.category, `${name}: ${error.detail}`)
  const detail = error instanceof Error ? error.message : "a host function failed"
  return new EngineTrap.HostTrap("HostFailure", `${name}: ${detail}`, { cause: error })
}

const isHostTrap = (error: unknown): error is HostTrap =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "HostTrap"
