// What a program fails with is told as its cause: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Cause from "effect/Cause"
import * as Causes from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import { type Accounting, isBalanced } from "../../actor/Accounting.ts"
import type { ActorEvent } from "../../actor/ActorEvent.ts"
import { ActorHooks } from "../../actor/ActorHooks.ts"
import type { ActorRef } from "../../actor/ActorRef.ts"
import { type Steering, TurnScheduler } from "../../actor/TurnScheduler.ts"
import { printed, printedCause } from "./printed.ts"
import { type Seeded, seeded } from "./seeded.ts"
import { Uncontrolled, withoutPlatform } from "./uncontrolled.ts"
import { VirtualClock } from "./virtualClock.ts"

/** What happens to messages; chances are per message. */
export interface FaultPlan {
  readonly crash: number
  readonly drop: number
  readonly duplicate: number
  readonly delay: number
  readonly longestDelayMillis: number
  readonly where: (message: unknown, target: ActorRef<never>) => boolean
}

export interface Plan {
  readonly seed: number
  readonly faults: FaultPlan
  readonly maxSteps: number
  /** The ordinals of the faults that happen; all where it is undefined. */
  readonly only: ReadonlySet<number> | undefined
  /** How many decisions the seed takes; the longest ready is next from then on. */
  readonly decisions: number
  readonly invariants: ReadonlyArray<readonly [name: string, holds: (moment: Moment) => boolean]>
}

export interface Moment {
  readonly step: number
  readonly atMillis: number
  readonly accounting: ReadonlyArray<Accounting>
}

export type Verdict =
  | { readonly _tag: "Ended"; readonly exit: Exit.Exit<unknown, unknown> }
  | { readonly _tag: "Broken"; readonly invariant: string; readonly detail: string }
  | { readonly _tag: "Threw"; readonly cause: Cause.Cause<unknown> }
  | { readonly _tag: "Uncontrolled"; readonly what: string; readonly by: string; readonly detail: string }
  | { readonly _tag: "Stalled"; readonly waiting: ReadonlyArray<string> }
  | { readonly _tag: "TooLong" }

interface Task {
  readonly label: string
  readonly run: () => void
}

interface Queue {
  readonly label: string
  readonly tasks: Array<Task & { readonly priority: number }>
}

/** Thrown in place of a handler's work. */
export class InjectedCrash extends Error {
  override readonly name = "InjectedCrash"
}

/** A way for the program to speak to its simulation. */
export interface Voice {
  readonly note: (text: string) => void
  readonly always: (name: string, holds: () => boolean) => () => void
  /** Whether a fault of this chance happens now; it is one of the run's, with a number in the trace. */
  readonly strikes: (chance: number, what: string) => boolean
  /** Ends the run: no seed decides what was used. */
  readonly refuse: (what: string, instead: string) => void
}

/** The simulation that runs the program at hand. */
export const CurrentVoice: Context.Reference<Voice | undefined> = Context.Reference<Voice | undefined>(
  "airssys/testing/Simulation/Voice",
  { defaultValue: () => undefined }
)

const productionOps = 2048
/** Chances that a fiber yields before an operation; a seed has one of them. */
const preemptions = [0, 1 / 64, 1 / 8] as const
/** The longest batch that a seed allows; 0 stands for the loop's own. */
const batches = [1, 2, 8, 0] as const
/** How often a seed leaves the order as it is. */
const inOrder = [0, 0.5, 0.9] as const
const stepsToAbandon = 10_000

/**
 * One run of a program: everything that is runnable, one thing after the
 * other, in one synchronous stretch.
 *
 * What can be run is a turn of a system, the first task of a fiber's
 * dispatcher, or a timer that is due. Tasks of one dispatcher keep their
 * order, as they do in production. Time moves when nothing else can be run.
 */
export class Simulator {
  readonly clock = new VirtualClock()
  readonly lines: Array<string> = []
  step = 0
  decisions = 0
  faults = 0
  /** Who woke up after the stretch was over, by something that is not simulated. */
  knocked: string | undefined = undefined

  private readonly plan: Plan
  private readonly order: Seeded
  private readonly fate: Seeded
  private readonly crashes: Seeded
  /** Of what the program simulates itself. */
  private readonly mishaps: Seeded
  private readonly preemption: number
  private readonly longestBatch: number
  private readonly patience: number
  private readonly random: Seeded
  private root: Fiber.Fiber<unknown, unknown> | undefined = undefined
  private isDriving = false
  private turns: Array<Task> = []
  private due: Array<Task> = []
  private waiting: Array<Queue> = []
  private fiberNames = new Map<Fiber.Fiber<unknown, unknown>, string>()
  private systems: Array<() => Accounting> = []
  private readonly invariants: Array<readonly [string, (moment: Moment) => boolean]>
  private uncontrolled: Uncontrolled | undefined = undefined
  private uncontrolledBy = ""
  private currentFiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  /** The message that was handled last in this step. */
  private work: string | undefined = undefined

  constructor(plan: Plan) {
    this.plan = plan
    this.order = seeded(plan.seed, 0)
    this.fate = seeded(plan.seed, 1)
    this.crashes = seeded(plan.seed, 2)
    this.mishaps = seeded(plan.seed, 6)
    this.random = seeded(plan.seed, 4)
    const style = seeded(plan.seed, 3)
    this.preemption = preemptions[style.below(preemptions.length)]!
    this.longestBatch = batches[style.below(batches.length)]!
    this.patience = inOrder[style.below(inOrder.length)]!
    this.invariants = [...plan.invariants]
  }

  /** Runs the program to its end, or to where it cannot go on. */
  run<R>(program: Effect.Effect<unknown, unknown, R>, context: Context.Context<R>): Verdict {
    return this.driving(() => {
      this.root = Effect.runForkWith(this.contextOf(context))(program)
      return this.drive(this.root)
    })
  }

  /** Interrupts what is left of the program and lets it end, as far as it does. */
  close(): void {
    const { root } = this
    if (root === undefined || root.pollUnsafe() !== undefined) return
    const lines = this.lines.length
    this.driving(() => {
      root.interruptUnsafe()
      for (let left = stepsToAbandon; left > 0 && root.pollUnsafe() === undefined; left--) {
        if (!this.takeStep()) break
      }
      return { _tag: "TooLong" }
    })
    this.lines.length = lines
  }

  private driving(body: () => Verdict): Verdict {
    return withoutPlatform(this.random.next, (use) => this.refused(use), () => {
      this.isDriving = true
      try {
        return body()
      } catch (defect) {
        return { _tag: "Threw", cause: Causes.die(defect) }
      } finally {
        this.isDriving = false
      }
    })
  }

  private contextOf<R>(context: Context.Context<R>): Context.Context<R> {
    const random = seeded(this.plan.seed, 5)
    const hooks = Context.get(context, ActorHooks)
    return context.pipe(
      Context.add(Scheduler.Scheduler, this.scheduler),
      Context.add(Clock.Clock, this.clock),
      Context.add(Random.Random, {
        nextDoubleUnsafe: random.next,
        nextIntUnsafe: () => Math.floor((random.next() - 0.5) * 2 * Number.MAX_SAFE_INTEGER)
      }),
      Context.add(TurnScheduler, {
        soon: (task) => this.addTurn(task),
        later: (task) => this.addTurn(task),
        steering: this.steering
      }),
      Context.add(ActorHooks, {
        ...hooks,
        onEvent: (event) => {
          this.write(describeEvent(event))
          hooks.onEvent(event)
        }
      }),
      Context.add(CurrentVoice, {
        note: (text) => this.write(`note: ${text}`),
        always: (name, holds) => {
          const invariant = [name, holds] as const
          this.invariants.push(invariant)
          return () => void this.invariants.splice(this.invariants.indexOf(invariant), 1)
        },
        strikes: (chance, what) => this.mishaps.chance(chance) && this.strikes(what),
        refuse: (what, instead) => this.refused(new Uncontrolled(what, instead))
      })
    )
  }

  private drive(root: Fiber.Fiber<unknown, unknown>): Verdict {
    for (;;) {
      const problem = this.problem()
      if (problem !== undefined) return problem
      const exit = root.pollUnsafe()
      if (exit !== undefined) return this.lastProblem() ?? { _tag: "Ended", exit }
      if (this.step === this.plan.maxSteps) return { _tag: "TooLong" }
      if (!this.takeStep()) return { _tag: "Stalled", waiting: this.sleepers() }
    }
  }

  /** False where nothing can be run, nor is any timer to come. */
  private takeStep(): boolean {
    this.due.push(
      ...this.clock.takeDue().map((timer) => ({
        label: timer.label,
        run: () => {
          if (!timer.isCancelled) timer.run()
        }
      }))
    )
    const { due, turns, waiting } = this
    const runnable = turns.length + due.length + waiting.length
    if (runnable === 0) {
      if (!this.clock.advance()) return false
      this.write("time")
      return true
    }
    this.step++
    this.work = undefined
    let place = this.decide(runnable)
    if (place < turns.length) this.perform(turns.splice(place, 1)[0]!)
    else if ((place -= turns.length) < due.length) this.perform(due.splice(place, 1)[0]!)
    else this.perform(this.takeFrom(place - due.length))
    return true
  }

  private perform(task: Task): void {
    this.write(task.label)
    task.run()
  }

  private takeFrom(place: number): Task {
    const queue = this.waiting[place]!
    const task = queue.tasks.shift()!
    this.waiting.splice(place, 1)
    if (queue.tasks.length > 0) this.waiting.push(queue)
    return task
  }

  private decide(count: number): number {
    if (count < 2 || !this.isDecided()) return 0
    return this.patience > 0 && this.order.chance(this.patience) ? 0 : this.order.below(count)
  }

  private isDecided(): boolean {
    return this.decisions < this.plan.decisions && ++this.decisions > 0
  }

  private problem(): Verdict | undefined {
    if (this.uncontrolled !== undefined) {
      const { message, what } = this.uncontrolled
      return { _tag: "Uncontrolled", what, by: this.uncontrolledBy, detail: message }
    }
    const moment = { step: this.step, atMillis: this.clock.currentTimeMillisUnsafe(), accounting: this.accounts() }
    for (const accounts of moment.accounting) {
      if (!isBalanced(accounts)) {
        return { _tag: "Broken", invariant: "every message is accounted for", detail: printed(accounts) }
      }
    }
    for (const [invariant, holds] of this.invariants) {
      try {
        if (!holds(moment)) return { _tag: "Broken", invariant, detail: "it does not hold" }
      } catch (defect) {
        return { _tag: "Broken", invariant, detail: printed(defect) }
      }
    }
    return undefined
  }

  /** What is wrong once the program has ended, and its systems with it. */
  private lastProblem(): Verdict | undefined {
    const left = this.accounts().find(({ running, stashed, waiting }) => running + stashed + waiting > 0)
    return left === undefined
      ? undefined
      : { _tag: "Broken", invariant: "no message is left at the end", detail: printed(left) }
  }

  private accounts(): Array<Accounting> {
    return this.systems.map((accounting) => accounting())
  }

  private refused(use: Uncontrolled): void {
    if (this.uncontrolled !== undefined) return
    this.uncontrolled = use
    this.uncontrolledBy = this.currentName()
  }

  private currentName(): string {
    return this.work ?? this.fiberName()
  }

  private fiberName(): string {
    return (this.currentFiber === undefined ? undefined : this.fiberNames.get(this.currentFiber)) ?? "the program"
  }

  private sleepers(): Array<string> {
    return [...this.fiberNames].filter(([fiber]) => fiber.pollUnsafe() === undefined).map(([, name]) => name)
  }

  write(text: string): void {
    this.lines.push(`${this.step} @${this.clock.currentTimeMillisUnsafe()} ${text}`)
  }

  private addTurn(run: () => void): void {
    this.knock()
    this.turns.push({ label: "turn", run })
  }

  private knock(): void {
    if (!this.isDriving) this.knocked ??= "something outside"
  }

  private readonly scheduler: Scheduler.Scheduler = {
    executionMode: "async",
    shouldYield: (fiber) => {
      this.currentFiber = fiber
      if (!this.fiberNames.has(fiber)) {
        const count = this.fiberNames.size
        const name = count === 0 ? "the program" : `fiber ${count}`
        this.fiberNames.set(fiber, this.work === undefined ? name : `${name} of ${this.work}`)
      }
      if (!this.isDriving) {
        this.knocked ??= this.fiberName()
        return true
      }
      if (fiber.currentOpCount >= productionOps) return true
      return this.preemption > 0 && this.decisions < this.plan.decisions && this.order.chance(this.preemption) &&
        this.isDecided()
    },
    makeDispatcher: () => {
      const queue: Queue = { label: this.fiberName(), tasks: [] }
      return {
        scheduleTask: (run, priority) => {
          this.knock()
          if (queue.tasks.length === 0) this.waiting.push(queue)
          const after = queue.tasks.findIndex((task) => task.priority > priority)
          queue.tasks.splice(after < 0 ? queue.tasks.length : after, 0, { label: queue.label, run, priority })
        },
        flush: () => {}
      }
    }
  }

  private readonly steering: Steering = {
    began: (accounting) => void this.systems.push(accounting),
    next: (ready) => this.decide(ready),
    batch: (most) => {
      const longest = this.longestBatch === 0 ? most : this.longestBatch
      return longest === 1 || !this.isDecided() ? longest : 1 + this.order.below(longest)
    },
    send: (target, message, deliver) => {
      const { delay, drop, duplicate, longestDelayMillis, where } = this.plan.faults
      if (drop + duplicate + delay === 0 || !where(message, target)) return deliver()
      if (this.fate.chance(drop) && this.strikes(`drop ${printed(message)} to ${target.name}`)) return undefined
      if (this.fate.chance(delay)) {
        const millis = 1 + this.fate.below(longestDelayMillis)
        const label = `${printed(message)} to ${target.name}`
        if (this.strikes(`delay ${label} by ${millis}`)) {
          this.clock.after(millis, `deliver ${label}`, deliver)
          return undefined
        }
      }
      if (this.fate.chance(duplicate) && this.strikes(`duplicate ${printed(message)} to ${target.name}`)) deliver()
      return deliver()
    },
    handle: (actor, message, handle) => {
      const text = printed(message)
      this.work = `${actor.name} handling ${text}`
      this.write(`${actor.name} handles ${text}`)
      const { crash, where } = this.plan.faults
      if (crash > 0 && where(message, actor) && this.crashes.chance(crash) && this.strikes(`crash ${actor.name}`)) {
        throw new InjectedCrash(`injected while ${this.work}`)
      }
      return handle()
    }
  }

  private strikes(what: string): boolean {
    const ordinal = ++this.faults
    if (this.plan.only !== undefined && !this.plan.only.has(ordinal)) return false
    this.write(`fault ${ordinal}: ${what}`)
    return true
  }
}

const describeEvent = (event: ActorEvent): string => {
  const { _tag, at: _, id: _id, name, ...rest } = event as ActorEvent & Record<string, unknown>
  const details = Object.entries(rest).map(([key, value]) =>
    `${key} ${Causes.isCause(value) ? printedCause(value) : printed(value)}`
  )
  return [`${name} ${_tag}`, ...details].join(", ")
}

/** The longest delay of a fault, in whole milliseconds. */
export const wholeMillis = (duration: Duration.Input): number =>
  Math.max(1, Math.round(Duration.toMillis(Duration.fromInputUnsafe(duration))))
