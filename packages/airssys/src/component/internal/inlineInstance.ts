/**
 * An instance of the framework's own engine.
 *
 * A call is made at once where nothing can suspend it. Any other one gives way
 * to the rest of the thread; interrupting it gives up the instance and waits
 * until nothing of the guest runs.
 */
import { CallError } from "@airssys/engine/CallError"
import type * as EngineInstance from "@airssys/engine/Instance"
import type { Receipt as EngineReceipt } from "@airssys/engine/Receipt"
import { Trap } from "@airssys/engine/Trap"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Pending from "../../actor/Pending.ts"
import type { CallResult, Instance, LoadedComponent, Receipt } from "../ComponentEngine.ts"
import { ComponentError } from "../ComponentError.ts"
import * as Contract from "../Contract.ts"
import * as argumentBytes from "./argumentBytes.ts"
import type { HostCalls } from "./hostCalls.ts"

type Called = Exit.Exit<CallResult, ComponentError>

const receiptOf = ({ costTable, fuel, memory, millis }: EngineReceipt): Receipt => ({
  fuel,
  costTable,
  memory,
  nanos: BigInt(Math.round(millis * 1e6))
})

interface Options {
  readonly component: LoadedComponent
  readonly instance: EngineInstance.Instance
  readonly hosts: HostCalls
  /** Whether a call can neither wait for the host nor take long. */
  readonly isImmediate: boolean
  /** In milliseconds. */
  readonly timeout: number | undefined
  /** Bytes of arguments that a call may have. */
  readonly mostArguments: number
}

type Ending = Pending.Ending<CallResult, ComponentError>

class Call implements Pending.Task<CallResult, ComponentError> {
  readonly target: Contract.Target
  readonly args: ReadonlyArray<unknown>
  readonly #instance: InlineInstance

  constructor(instance: InlineInstance, target: Contract.Target, args: ReadonlyArray<unknown>) {
    this.#instance = instance
    this.target = target
    this.args = args
  }

  begin(context: Context.Context<never>, ending: Ending): () => void {
    return this.#instance.begin(this, context, ending)
  }

  /** Keeps the shape alive while there is none, and with it the code that was compiled for it. */
  static readonly shape: Call = new Call(undefined as never, { interface: undefined, function: "" }, [])
}

export class InlineInstance implements Instance {
  readonly component: LoadedComponent
  readonly tier = "inline"
  readonly #instance: EngineInstance.Instance
  readonly #hosts: HostCalls
  readonly #isImmediate: boolean
  readonly #bounds: EngineInstance.CallOptions
  readonly #mostArguments: number
  readonly #functions = new Map<string | undefined, Map<string, EngineInstance.ExportedFunc>>()
  #state: "Idle" | "Running" | "Lost" | "Disposed" = "Idle"
  /** Of the call that runs and may be suspended. */
  #target: Contract.Target | undefined = undefined
  #ending: Ending | undefined = undefined
  readonly #waiter: EngineInstance.Waiter = {
    done: ({ receipt, value }) => this.#over(this.#done(value, receipt)),
    failed: (error) => this.#over(this.#failed(this.#target!, error))
  }
  readonly #interrupt = (): void => this.#giveUp("Lost")

  constructor({ component, hosts, instance, isImmediate, mostArguments, timeout }: Options) {
    this.component = component
    this.#instance = instance
    this.#hosts = hosts
    this.#isImmediate = isImmediate
    this.#bounds = { timeout }
    this.#mostArguments = mostArguments
  }

  isPoisoned(): boolean {
    return this.#state === "Lost"
  }

  callUnsafe(target: Contract.Target, args: ReadonlyArray<unknown>): Called | undefined {
    if (!this.#isImmediate) return undefined
    if (this.#state !== "Idle") return this.#refusal(target)
    const problem = argumentBytes.problemOf(args, this.#mostArguments)
    if (problem !== undefined) return this.#notTaken(target, problem)
    this.#state = "Running"
    try {
      const { receipt, value } = this.#function(target).measureSync(args)
      return this.#done(value, receipt)
    } catch (error) {
      return this.#failed(target, error)
    }
  }

  call(target: Contract.Target, args: ReadonlyArray<unknown>): Effect.Effect<CallResult, ComponentError> {
    return Pending.of(new Call(this, target, args))
  }

  /** Calls, and tells how it ended. Gives what gives it up. */
  begin({ args, target }: Call, context: Context.Context<never>, ending: Ending): () => void {
    const problem = this.#isImmediate ? undefined : argumentBytes.problemOf(args, this.#mostArguments)
    if (this.#isImmediate) ending.end(this.callUnsafe(target, args)!)
    else if (this.#state !== "Idle") ending.end(this.#refusal(target))
    else if (problem !== undefined) ending.end(this.#notTaken(target, problem))
    else this.#enter(target, args, context, ending)
    return this.#interrupt
  }

  #enter(
    target: Contract.Target,
    args: ReadonlyArray<unknown>,
    context: Context.Context<never>,
    ending: Ending
  ): void {
    this.#state = "Running"
    this.#hosts.context = context
    let func: EngineInstance.ExportedFunc
    try {
      func = this.#function(target)
    } catch (error) {
      return ending.end(this.#failed(target, error))
    }
    this.#target = target
    this.#ending = ending
    func.run(args, this.#bounds, this.#waiter)
  }

  #over(called: Called): void {
    const ending = this.#ending!
    this.#ending = undefined
    this.#target = undefined
    ending.end(called)
  }

  #function({ function: name, interface: owner }: Contract.Target): EngineInstance.ExportedFunc {
    const known = this.#functions.get(owner)?.get(name)
    if (known !== undefined) return known
    const found = this.#instance.func(owner, name)
    const functions = this.#functions.get(owner) ?? new Map<string, EngineInstance.ExportedFunc>()
    this.#functions.set(owner, functions.set(name, found))
    return found
  }

  #done(value: unknown, receipt: EngineReceipt): Called {
    if (this.#state === "Running") this.#state = "Idle"
    this.#hosts.end()
    return Exit.succeed({ value, receipt: receiptOf(receipt) })
  }

  #failed(target: Contract.Target, error: unknown): Called {
    this.#hosts.end()
    if (error instanceof CallError) {
      if (this.#state === "Running") this.#state = "Idle"
      return this.#notCalled(target, error)
    }
    // A call whose time is over before its turn has come has not reached the guest.
    const isWhole = error instanceof Trap && !this.#instance.isPoisoned
    if (this.#state === "Running") this.#state = isWhole ? "Idle" : "Lost"
    if (!(error instanceof Trap)) return Exit.die(error)
    const reason: ComponentError["reason"] = error.category === "Deadline"
      ? { _tag: "DeadlineExceeded", limitMillis: this.#bounds.timeout ?? 0 }
      : { _tag: "Trap", category: error.category }
    return this.#error(target, reason, error.message, error)
  }

  #notCalled(target: Contract.Target, { message, reason }: CallError): Called {
    switch (reason) {
      case "BadArgument": {
        const at = message.indexOf(": ")
        return this.#error(target, { _tag: reason, path: at === -1 ? "" : message.slice(0, at) }, message)
      }
      case "NoSuchExport":
        return this.#error(target, { _tag: reason }, "there is no such export")
      case "QueueFull":
        return this.#error(target, { _tag: "Busy" }, message)
      default:
        return Exit.die(new Error(`an instance that can be called refused: ${message}`))
    }
  }

  /** A guest that has no room for its arguments would trap: that is not for a sender to choose. */
  #notTaken(target: Contract.Target, problem: "Unreadable" | "TooLarge"): Called {
    const detail = problem === "Unreadable"
      ? "the arguments are no list of values that can be read"
      : `the arguments have more than ${this.#mostArguments} bytes, half of the component's memory limit`
    return this.#error(target, { _tag: "BadArgument", path: "" }, detail)
  }

  #refusal(target: Contract.Target): Called {
    switch (this.#state) {
      case "Disposed":
        return this.#error(target, { _tag: "Stopped" }, "the instance is disposed")
      case "Lost":
        return this.#error(target, { _tag: "Poisoned" }, "the instance was lost by an earlier failure")
      default:
        return this.#error(target, { _tag: "ReEntered" }, "another call runs in this instance")
    }
  }

  #error(
    target: Contract.Target,
    reason: ComponentError["reason"],
    detail: string,
    { cause, receipt }: Partial<Pick<Trap, "cause" | "receipt">> = {}
  ): Called {
    return Exit.fail(
      new ComponentError({
        component: this.component.digest,
        export: Contract.exportName(target),
        reason,
        detail,
        denials: [],
        ...(receipt === undefined ? undefined : { receipt: receiptOf(receipt) }),
        ...(cause === undefined ? undefined : { cause })
      })
    )
  }

  #giveUp(state: "Lost" | "Disposed"): void {
    if (this.#state === "Disposed") return
    this.#state = state
    this.#hosts.close()
    this.#instance.dispose()
  }

  get dispose(): Effect.Effect<void> {
    return Effect.sync(() => this.#giveUp("Disposed"))
  }
}
