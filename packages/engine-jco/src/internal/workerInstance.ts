/**
 * An instance in a thread of its own, which is terminated when a call fails, is
 * interrupted or reaches its deadline.
 *
 * The thread is taken for hostile: a message that is not the answer to what was
 * asked, or holds a value of another type than the component declares, ends it.
 */
import type * as ComponentEngine from "airssys/component/ComponentEngine"
import { type ComponentError, InstantiateError } from "airssys/component/ComponentError"
import type { WorkerExit, WorkerHandle } from "airssys/component/WorkerHost"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type { Export } from "./compiled.ts"
import type { Plan } from "./guest.ts"
import { hostResult, startHost } from "./hostCall.ts"
import { EngineInstance, type Loaded } from "./instance.ts"
import { FromInstance, ImportCall, type ToInstance } from "./protocol.ts"
import type { Stop } from "./traps.ts"

export const entry = new URL(
  import.meta.url.endsWith(".ts") ? "./instanceWorker.ts" : "./instanceWorker.js",
  import.meta.url
)

type Answer = typeof FromInstance.Type

const decodeAnswer = Schema.decodeUnknownExit(FromInstance)
const decodeImport = Schema.decodeUnknownExit(ImportCall)

/**
 * Receives the events of one thread; an instance attaches itself later, so that
 * a thread can be started before it is known what will run in it.
 */
export class Link {
  onAnswer: (answer: Answer) => void = () => {}
  onImport: (question: unknown, answer: (value: unknown) => boolean) => void = () => {}
  onGone: (detail: string) => void = () => {}
  gone: string | undefined = undefined

  readonly onMessage = (message: unknown): void => {
    const decoded = decodeAnswer(message)
    if (Exit.isSuccess(decoded)) this.onAnswer(decoded.value)
    else this.onExit({ reason: "Protocol", detail: "a message outside the protocol" })
  }

  readonly onRequest = (question: unknown, answer: (value: unknown) => boolean): void => this.onImport(question, answer)

  readonly onExit = (exit: WorkerExit): void => {
    if (this.gone !== undefined) return
    this.gone = `the thread of the instance ended: ${exit.detail}`
    this.onGone(this.gone)
  }
}

/**
 * A started thread and its link.
 */
export interface LinkedWorker {
  readonly handle: WorkerHandle
  readonly link: Link
}

const failed = (detail: string) =>
  new InstantiateError({ reason: "StartFailed", detail: `instantiation failed: ${detail}` })

export class WorkerInstance extends EngineInstance {
  readonly tier = "worker"
  readonly #functions: ReadonlyArray<ComponentEngine.HostFunction>
  readonly #fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  readonly #worker: LinkedWorker
  readonly #timeout: Duration.Duration | undefined
  #context: Context.Context<never>
  #settle: ((outcome: Answer) => void) | undefined = undefined

  private constructor(
    loaded: Loaded,
    worker: LinkedWorker,
    functions: ReadonlyArray<ComponentEngine.HostFunction>,
    timeout: Duration.Duration | undefined,
    context: Context.Context<never>
  ) {
    super(loaded)
    this.#worker = worker
    this.#functions = functions
    this.#timeout = timeout
    this.#context = context
    worker.link.onAnswer = (answer) => this.#answered(answer)
    worker.link.onImport = (question, answer) => this.#host(question, answer)
    worker.link.onGone = (detail) => this.#stopped({ category: "Other", detail })
  }

  /**
   * Instantiates in a started thread; the start function has `startLimit`.
   */
  static make = Effect.fnUntraced(function*(
    loaded: Loaded,
    plan: Plan,
    worker: LinkedWorker,
    functions: ReadonlyArray<ComponentEngine.HostFunction>,
    timeout: Duration.Duration | undefined,
    startLimit: Duration.Duration
  ) {
    const context = yield* Effect.context<never>()
    const instance = new WorkerInstance(loaded, worker, functions, timeout, context)
    const answer = yield* instance.#ask({ _tag: "Init", plan }).pipe(
      Effect.timeoutOrElse({
        duration: startLimit,
        orElse: () => Effect.fail(failed(`not done after ${Duration.toMillis(startLimit)} ms`))
      })
    )
    if (answer._tag === "Ready") return instance
    yield* instance.#end
    return yield* failed(answer._tag === "Stopped" ? answer.detail : "a message outside the protocol")
  })

  run(
    fiber: Fiber.Fiber<unknown, unknown>,
    target: Export,
    args: ReadonlyArray<unknown>
  ): Effect.Effect<ComponentEngine.CallResult, ComponentError> {
    const clock = fiber.getRef(Clock.Clock)
    const started = clock.monotonicTimeNanosUnsafe()
    this.#context = fiber.context
    this.state = "Running"
    const call = Effect.flatMap(this.#ask({ _tag: "Call", index: target.index, args }), (answer) => {
      const problem = answer._tag === "Returned" ? target.result(answer.value) : undefined
      if (answer._tag === "Returned" && problem === undefined) {
        if (this.state === "Running") this.state = "Idle"
        return Exit.succeed({
          value: answer.value,
          receipt: {
            fuel: undefined,
            costTable: undefined,
            memory: answer.memory,
            nanos: clock.monotonicTimeNanosUnsafe() - started
          }
        })
      }
      const stop: Stop = answer._tag === "Stopped"
        ? answer
        : { category: "InvalidValue", detail: problem ?? "a message outside the protocol" }
      return Effect.andThen(this.#end, Effect.fail(this.trap(target, stop)))
    })
    const limit = this.#timeout
    return limit === undefined ? call : Effect.timeoutOrElse(call, {
      duration: limit,
      orElse: () => {
        const limitMillis = Duration.toMillis(limit)
        return Effect.fail(
          this.error(target.label, { _tag: "DeadlineExceeded", limitMillis }, `not done after ${limitMillis} ms`)
        )
      }
    })
  }

  get dispose(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#stopped({ category: "Cancelled", detail: "the instance was disposed" })
      this.state = "Disposed"
      return this.#end
    })
  }

  override lose(): void {
    super.lose()
    for (const fiber of this.#fibers) fiber.interruptUnsafe()
    this.#fibers.clear()
  }

  /**
   * Sends a message and waits for its one answer. Interruption ends the thread.
   */
  #ask(message: ToInstance): Effect.Effect<Answer> {
    return Effect.callback((resume) => {
      this.#settle = (answer) => {
        this.#settle = undefined
        resume(Effect.succeed(answer))
      }
      const { handle, link } = this.#worker
      if (link.gone !== undefined) this.#stopped({ category: "Other", detail: link.gone })
      else if (!handle.post(message)) this.#stopped({ category: "Other", detail: "the thread takes no messages" })
      return Effect.suspend(() => {
        this.#settle = undefined
        return this.#end
      })
    })
  }

  get #end(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.lose()
      return this.#worker.handle.terminate
    })
  }

  #answered(answer: Answer): void {
    if (answer._tag === "Up") return
    if (this.#settle === undefined) this.#stopped({ category: "InvalidValue", detail: "an answer nobody asked for" })
    else this.#settle(answer)
  }

  /**
   * Fails what is asked for at the moment, which then ends the thread; a thread
   * that was asked for nothing is ended at once.
   */
  #stopped(stop: Stop): void {
    this.lose()
    if (this.#settle === undefined) Effect.runFork(this.#worker.handle.terminate)
    else this.#settle({ _tag: "Stopped", ...stop })
  }

  #host(question: unknown, answer: (value: unknown) => boolean): void {
    const decoded = decodeImport(question)
    const declared = Exit.isSuccess(decoded) ? this.component.surface.imports[decoded.value.index] : undefined
    if (Exit.isFailure(decoded) || declared === undefined || this.#settle === undefined) {
      return this.#stopped({ category: "InvalidValue", detail: "a question outside the protocol" })
    }
    const { args, index } = decoded.value
    if (args.length !== declared.params.length || declared.params.some((check, i) => check(args[i]) !== undefined)) {
      return this.#stopped({
        category: "InvalidValue",
        detail: `wrong arguments for ${declared.owner}#${declared.name}`
      })
    }
    const done = (exit: Exit.Exit<unknown, unknown>): void => {
      const result = hostResult(declared, exit)
      if (result._tag === "Stop") return this.#stopped(result.stop)
      if (!answer({ value: result.value })) {
        this.#stopped({ category: "HostFailure", detail: `the result of ${declared.name} cannot be sent to a thread` })
      }
    }
    const outcome = startHost(this.#functions[index]!, args, this.#context)
    if (Exit.isExit(outcome)) return done(outcome)
    if (this.#settle === undefined) return outcome.interruptUnsafe()
    this.#fibers.add(outcome)
    outcome.addObserver((exit) => {
      if (this.#fibers.delete(outcome)) done(exit)
    })
  }
}
