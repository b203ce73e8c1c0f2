/**
 * Runs a program of actors so that its seed decides everything that happens by
 * chance, and finds the seeds for which it goes wrong.
 *
 * The loop, the mailboxes and the supervisors are those of production. The
 * seed decides which ready actor is next and how many messages it handles,
 * which fiber goes on and where it yields, the order of timers that are due at
 * the same time, what `Random` and `Math.random` give, and which messages meet
 * a fault. Time is virtual and moves only when nothing can be run.
 *
 * A run is one synchronous stretch: nothing of the outside happens during it.
 * A program that uses a promise, a timer, the time or the random ids of the
 * platform fails, naming it. A seed, the same options and the same program give the same
 * trace, byte for byte, in any process.
 *
 * @since 0.1.0
 */
// What a program fails with is told as its cause: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Accounting } from "../actor/Accounting.ts"
import type { ActorRef } from "../actor/ActorRef.ts"
import * as ActorSystem from "../actor/ActorSystem.ts"
import { shrink } from "./internal/shrink.ts"
import { CurrentVoice, type Plan, Simulator, type Verdict, wholeMillis } from "./internal/simulator.ts"

/**
 * What may happen to messages, each with the chance, from 0 to 1, that it
 * happens to one of them. What is left out does not happen.
 *
 * @category models
 * @since 0.1.0
 */
export interface Faults {
  /** The handler throws instead of handling the message. */
  readonly crash?: number | undefined
  /** The message is lost on its way: no mailbox sees it, and no dead letter tells of it. */
  readonly drop?: number | undefined
  /** The message arrives twice. */
  readonly duplicate?: number | undefined
  /** The message arrives later, so that others overtake it. */
  readonly delay?: number | undefined
  /** Default: 1 second. */
  readonly longestDelay?: Duration.Input | undefined
  /** The messages that are concerned. Default: all. */
  readonly where?: ((message: unknown, target: ActorRef<never>) => boolean) | undefined
}

/**
 * What is the same for all seeds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settings {
  /** Default: none. */
  readonly faults?: Faults | undefined
  /** Steps after which a run has failed. Default: 100,000. */
  readonly maxSteps?: number | undefined
  /** What holds after each step, by its name. That every message is accounted for is always checked. */
  readonly invariants?: { readonly [name: string]: (moment: Moment) => boolean } | undefined
}

/**
 * One run. A failed exploration gives the recipe of its smallest failing run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Recipe {
  /** A whole number that is safe; the lower 32 bits count. */
  readonly seed: number
  /** The faults that happen, by the numbers they have in the trace. Default: all that the seed draws. */
  readonly onlyFaults?: ReadonlyArray<number> | undefined
  /** How many decisions the seed takes; afterwards everything goes in order. Default: all. */
  readonly decisions?: number | undefined
}

/**
 * A run between two steps.
 *
 * @category models
 * @since 0.1.0
 */
export interface Moment {
  readonly step: number
  readonly atMillis: number
  /** Of each actor system of the program; the one that `run` provides is the first. */
  readonly accounting: ReadonlyArray<Accounting>
}

/**
 * A run that succeeded.
 *
 * @category models
 * @since 0.1.0
 */
export interface Run<out A> {
  readonly value: A
  /** A line for each turn, message, timer, fault, event and note: step, `@` milliseconds, what. */
  readonly trace: string
  readonly steps: number
  readonly faults: number
  readonly endedAtMillis: number
}

/**
 * Why a run failed. `NotSimulated`: it used a promise, a timer or the time of
 * the platform, or waited for something from outside; `Stalled`: nothing can
 * be run and no timer is due; `NotReproducible`: the same seed went another way
 * at this line of the trace.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason =
  | { readonly _tag: "ProgramFailed"; readonly cause: Cause.Cause<unknown> }
  | { readonly _tag: "InvariantBroken"; readonly invariant: string; readonly detail: string }
  | { readonly _tag: "NotSimulated"; readonly what: string; readonly by: string; readonly detail: string }
  | { readonly _tag: "Stalled"; readonly waiting: ReadonlyArray<string> }
  | { readonly _tag: "TooManySteps"; readonly maxSteps: number }
  | {
    readonly _tag: "NotReproducible"
    readonly line: number
    readonly first: string | undefined
    readonly second: string | undefined
  }

const shownLines = 40

/**
 * A run that failed, with all that it takes to see it again.
 *
 * @category errors
 * @since 0.1.0
 */
export class SimulationFailed extends Data.TaggedError("SimulationFailed")<{
  readonly reason: Reason
  readonly recipe: Recipe
  readonly steps: number
  readonly trace: string
}> {
  override get message(): string {
    const lines = this.trace.trimEnd().split("\n")
    const shown = lines.slice(-shownLines)
    return [
      `Seed ${this.recipe.seed} fails after ${this.steps} steps: ${describe(this.reason)}`,
      `See it again with run(${JSON.stringify(this.recipe)}) and the same settings and program.`,
      ...(shown.length < lines.length ? [`The last ${shownLines} of ${lines.length} lines of its trace:`] : []),
      ...shown
    ].join("\n")
  }
}

const describe = (reason: Reason): string => {
  switch (reason._tag) {
    case "ProgramFailed":
      return `the program failed: ${Cause.pretty(reason.cause)}`
    case "InvariantBroken":
      return `"${reason.invariant}" is broken: ${reason.detail}`
    case "NotSimulated":
      return `${reason.detail} (used by ${reason.by})`
    case "Stalled":
      return `nothing can be run and no timer is due; waiting: ${reason.waiting.join(", ")}`
    case "TooManySteps":
      return `it has not ended by then`
    case "NotReproducible":
      return [
        `it went another way the second time; something decides that the seed does not. Line ${reason.line}:`,
        reason.first ?? "(no line)",
        reason.second ?? "(no line)"
      ].join("\n")
  }
}

const chance = (name: string, value: number | undefined): number => {
  if (value === undefined) return 0
  if (!(value >= 0 && value <= 1)) throw new RangeError(`The chance of a ${name} is from 0 to 1, not ${value}`)
  return value
}

const planOf = (recipe: Recipe, settings: Settings): Plan => {
  const faults = settings.faults ?? {}
  const maxSteps = settings.maxSteps ?? 100_000
  if (!Number.isSafeInteger(recipe.seed)) throw new RangeError(`A seed is a whole number, not ${recipe.seed}`)
  if (!Number.isInteger(maxSteps) || maxSteps < 1) {
    throw new RangeError(`A run has a whole number of steps from 1, not ${maxSteps}`)
  }
  return {
    seed: recipe.seed,
    faults: {
      crash: chance("crash", faults.crash),
      drop: chance("drop", faults.drop),
      duplicate: chance("duplicate", faults.duplicate),
      delay: chance("delay", faults.delay),
      longestDelayMillis: wholeMillis(faults.longestDelay ?? "1 second"),
      where: faults.where ?? (() => true)
    },
    maxSteps,
    only: recipe.onlyFaults === undefined ? undefined : new Set(recipe.onlyFaults),
    decisions: recipe.decisions ?? Infinity,
    invariants: Object.entries(settings.invariants ?? {})
  }
}

interface Outcome {
  readonly plan: Plan
  readonly verdict: Verdict
  readonly trace: string
  readonly simulator: Simulator
}

type Simulate = (plan: Plan) => Outcome

/** Real time in which a stalled run may show that it waits for the outside. */
const grace = Effect.provideService(Effect.sleep("20 millis"), Clock.Clock, Context.get(Context.empty(), Clock.Clock))

const simulator = <A, E, R>(
  program: Effect.Effect<A, E, R>
): Effect.Effect<Simulate, never, Exclude<Exclude<R, Scope.Scope>, ActorSystem.ActorSystem>> => {
  const whole = Effect.provide(Effect.scoped(program), Layer.fresh(ActorSystem.layer))
  return Effect.map(
    Effect.context<Exclude<Exclude<R, Scope.Scope>, ActorSystem.ActorSystem>>(),
    (context): Simulate => (plan) => {
      const simulator = new Simulator(plan)
      const verdict = simulator.run(whole, context)
      return { plan, simulator, verdict, trace: simulator.lines.map((line) => `${line}\n`).join("") }
    }
  )
}

const isFailure = ({ verdict }: Outcome): boolean => verdict._tag !== "Ended" || verdict.exit._tag === "Failure"

const failed = ({ plan, simulator, trace }: Outcome, reason: Reason): SimulationFailed =>
  new SimulationFailed({
    reason,
    recipe: {
      seed: plan.seed,
      ...(plan.only === undefined ? {} : { onlyFaults: [...plan.only] }),
      ...(plan.decisions === Infinity ? {} : { decisions: plan.decisions })
    },
    steps: simulator.step,
    trace
  })

/** What a run came to, once the outside had its chance to show itself. */
const settle = (outcome: Outcome): Effect.Effect<Run<unknown>, SimulationFailed> =>
  Effect.suspend(() => {
    const { simulator, trace, verdict } = outcome
    switch (verdict._tag) {
      case "Ended":
        return verdict.exit._tag === "Success"
          ? Effect.succeed({
            value: verdict.exit.value,
            trace,
            steps: simulator.step,
            faults: simulator.faults,
            endedAtMillis: simulator.clock.currentTimeMillisUnsafe()
          })
          : Effect.fail(failed(outcome, { _tag: "ProgramFailed", cause: verdict.exit.cause }))
      case "Broken":
        return Effect.fail(failed(outcome, { ...verdict, _tag: "InvariantBroken" }))
      case "Threw":
        return Effect.fail(failed(outcome, { ...verdict, _tag: "ProgramFailed" }))
      case "Uncontrolled":
        return Effect.fail(failed(outcome, { ...verdict, _tag: "NotSimulated" }))
      case "TooLong":
        return Effect.fail(failed(outcome, { _tag: "TooManySteps", maxSteps: outcome.plan.maxSteps }))
      case "Stalled":
        return Effect.andThen(
          grace,
          Effect.suspend(() => {
            const { knocked } = simulator
            return Effect.fail(failed(
              outcome,
              knocked === undefined ? verdict : {
                _tag: "NotSimulated",
                what: "Raw asynchrony",
                by: knocked,
                detail: "Raw asynchrony is not simulated: it waited for something that happens outside"
              }
            ))
          })
        )
    }
  }).pipe(Effect.ensuring(Effect.sync(() => outcome.simulator.close())))

/**
 * Runs a program once, in a fresh actor system and scope. It fails with
 * `SimulationFailed` when the program fails or dies, when an invariant does
 * not hold after a step, when messages are left at the end, and when the
 * program cannot go on. Then its fibers are interrupted.
 *
 * Dies with a `RangeError` for a chance that is not from 0 to 1, and for a seed
 * or a number of steps that is not whole.
 *
 * @category running
 * @since 0.1.0
 */
export const run = <A, E, R>(
  options: Recipe & Settings,
  program: Effect.Effect<A, E, R>
): Effect.Effect<Run<A>, SimulationFailed, Exclude<Exclude<R, Scope.Scope>, ActorSystem.ActorSystem>> =>
  Effect.flatMap(
    simulator(program),
    (simulate) =>
      Effect.suspend(() => settle(simulate(planOf(options, options))) as Effect.Effect<Run<A>, SimulationFailed>)
  )

/**
 * What an exploration went through without a failure.
 *
 * @category models
 * @since 0.1.0
 */
export interface Explored {
  readonly seeds: number
  readonly steps: number
  readonly faults: number
}

/**
 * Runs a program with one seed after the other, from `from` (default: 0), and
 * fails at the first that fails, with a smaller run that breaks the same thing
 * where it finds one: with fewer faults, and with fewer decisions left to the
 * seed. The first seed, and the one that fails, are run twice, to see whether
 * they go the same way. Dies with a `RangeError` for less than one seed, since
 * nothing would be shown by it.
 *
 * @category running
 * @since 0.1.0
 */
export const explore = <A, E, R>(
  options: Settings & { readonly seeds: number; readonly from?: number | undefined },
  program: Effect.Effect<A, E, R>
): Effect.Effect<Explored, SimulationFailed, Exclude<Exclude<R, Scope.Scope>, ActorSystem.ActorSystem>> =>
  Effect.flatMap(
    simulator(program),
    Effect.fnUntraced(function*(simulate) {
      const first = options.from ?? 0
      if (!Number.isSafeInteger(options.seeds) || options.seeds < 1 || !Number.isSafeInteger(first + options.seeds)) {
        throw new RangeError(`An exploration has a whole number of seeds from 1, not ${options.seeds} from ${first}`)
      }
      let steps = 0
      let faults = 0
      for (let seed = first; seed < first + options.seeds; seed++) {
        const outcome = simulate(planOf({ seed }, options))
        if (seed === first || isFailure(outcome)) {
          const again = simulate(outcome.plan)
          again.simulator.close()
          if (again.trace !== outcome.trace) {
            outcome.simulator.close()
            return yield* failed(outcome, difference(outcome.trace, again.trace))
          }
        }
        if (isFailure(outcome)) {
          return yield* Effect.asVoid(settle(smallest(simulate, outcome))) as Effect.Effect<never, SimulationFailed>
        }
        steps += outcome.simulator.step
        faults += outcome.simulator.faults
        yield* Effect.yieldNow
      }
      return { seeds: options.seeds, steps, faults }
    })
  )

const smallest = (simulate: Simulate, outcome: Outcome): Outcome =>
  shrink(outcome, {
    faults: outcome.simulator.faults,
    decisions: outcome.simulator.decisions,
    attempt: (only, decisions) => {
      const smaller = simulate({ ...outcome.plan, only, decisions })
      if (isFailure(smaller) && wrong(smaller) === wrong(outcome)) return smaller
      smaller.simulator.close()
      return undefined
    }
  })

const wrong = ({ verdict }: Outcome): string =>
  verdict._tag === "Broken" ? verdict.invariant : verdict._tag === "Uncontrolled" ? verdict.what : verdict._tag

const difference = (first: string, second: string): Reason => {
  const a = first.split("\n")
  const b = second.split("\n")
  const at = a.findIndex((line, index) => line !== b[index])
  const line = at < 0 ? a.length : at
  return { _tag: "NotReproducible", line: line + 1, first: a[line], second: b[line] }
}

const voice = <A>(use: (voice: NonNullable<Context.Service.Shape<typeof CurrentVoice>>) => A): Effect.Effect<A> =>
  Effect.flatMap(CurrentVoice, (current) =>
    current === undefined
      ? Effect.die(new Error("The program is not run by Simulation"))
      : Effect.sync(() => use(current)))

/**
 * Adds an invariant of the program at hand: checked after each step until the
 * scope closes. Dies outside of a simulation.
 *
 * @category invariants
 * @since 0.1.0
 */
export const always = (name: string, holds: () => boolean): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(voice((current) => current.always(name, holds)), (remove) => Effect.sync(remove)))

/**
 * Writes a line into the trace. Dies outside of a simulation.
 *
 * @category invariants
 * @since 0.1.0
 */
export const note = (text: string): Effect.Effect<void> => voice((current) => current.note(text))
