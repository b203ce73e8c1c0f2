import type { ActorContext } from "airssys/actor/ActorContext"
import type { ActorEvent } from "airssys/actor/ActorEvent"
import { ActorHooks } from "airssys/actor/ActorHooks"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Behaviour } from "airssys/actor/Behaviour"
import * as Broker from "airssys/actor/Broker"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as DynamicSupervisor from "airssys/actor/DynamicSupervisor"
import * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Topic from "airssys/actor/Topic"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import type * as Otp from "../../../scripts/otp/scenarios.ts"

/**
 * Runs the scenarios of the oracle on our supervisors, in the same words.
 *
 * A child that is killed is killed by the system in `Outside`; in `Inside` the
 * Effect of its message is interrupted, as `exit(Pid, kill)` can come from
 * anybody.
 */
export type Variant = "Inside" | "Outside"

const Worker = Protocol.make({
  Do: { payload: { run: Schema.Any } },
  Hold: { payload: {}, reply: Schema.Finite }
})
type Worker = Protocol.Message<typeof Worker>

type Run = (context: ActorContext<Worker>) => void | Effect.Effect<unknown, unknown, Scope.Scope>

type Life = { text: string; reason: string; readonly isDecided: boolean }

type Line = string | Life

/** What a supervisor's end or failed start waits for to be written down, as its children are stopped before. */
interface Group {
  readonly children: Set<string>
  pending: string | undefined
  hasRun: boolean
}

type Root = Supervisor.Handle<never> | DynamicSupervisor.Handle<[string], never, unknown, Worker>

const strategies = {
  one_for_one: "OneForOne",
  one_for_all: "OneForAll",
  rest_for_one: "RestForOne",
  simple_one_for_one: "OneForOne"
} as const

const restarts = { permanent: "Permanent", transient: "Transient", temporary: "Temporary" } as const

const autoShutdowns = {
  never: "Never",
  any_significant: "AnySignificant",
  all_significant: "AllSignificant"
} as const

const settle = Effect.gen(function*() {
  for (let i = 0; i < 40; i++) yield* Effect.yieldNow
})

const isSupervisor = (spec: Otp.Child | Otp.Supervisor): spec is Otp.Supervisor => "restarts" in spec

class World {
  readonly variant: Variant
  readonly lines: Array<Line> = []
  readonly outcomes = new Map<string, string>()
  private readonly starts = new Map<string, number>()
  private readonly alive = new Set<string>()
  private readonly ends = new Map<string, Life>()
  private readonly crashes = new Map<string, string>()
  private readonly interrupted = new Set<string>()
  private readonly leaving = new Set<string>()
  private readonly groups = new Map<string, Group>()
  private readonly gates = new Map<string, Deferred.Deferred<Run>>()
  private isHidden = false
  private isHanging = false
  private isLooping = false

  constructor(variant: Variant) {
    this.variant = variant
  }

  private note(line: Line): void {
    if (!this.isHidden) this.say(line)
  }

  private say(line: Line): void {
    this.lines.push(line)
  }

  get trace(): Array<string> {
    return this.lines.map((line) => typeof line === "string" ? line : `${line.text} ${line.reason}`)
  }

  readonly onEvent = (event: ActorEvent): void => {
    const { name } = event
    const group = this.groups.get(name)
    if (group !== undefined) return name === "root" ? undefined : this.onGroup(name, group, event)
    if (event._tag === "Crashed") {
      this.crashes.set(name, Cause.hasInterruptsOnly(event.cause) ? "killed" : "crash")
    }
    if (event._tag !== "Stopped") return
    const life = this.ends.get(name)
    if (life === undefined || life.isDecided) return
    life.reason = { Normal: "normal", Shutdown: "shutdown", DeadlineExceeded: "killed", Killed: "killed" }[event.reason]
  }

  private onGroup(name: string, group: Group, event: ActorEvent): void {
    switch (event._tag) {
      case "Started":
      case "Restarted":
        group.hasRun = true
        this.alive.add(name)
        return this.note(`start ${name}`)
      case "Failed":
        return group.hasRun ? undefined : this.note(`start ${name} fails`)
      case "Crashed":
      case "Restarting":
      case "Stopped":
        if (this.alive.has(name)) group.pending = `end ${name} shutdown`
        else if (event._tag === "Crashed") group.pending = `start ${name} fails`
        return this.afterEnd(name)
    }
  }

  private afterEnd(id: string): void {
    for (const [name, group] of this.groups) {
      const { pending } = group
      if (pending === undefined || (name !== id && !group.children.has(id))) continue
      if ([...group.children].some((child) => this.alive.has(child))) continue
      group.pending = undefined
      this.alive.delete(name)
      this.note(pending)
      this.afterEnd(name)
    }
  }

  private ended(id: string): void {
    const crash = this.crashes.get(id)
    const isDecided = crash !== undefined
    const reason = crash ?? (this.interrupted.has(id) ? "killed" : this.leaving.has(id) ? "normal" : "shutdown")
    const life = { text: `end ${id}`, reason, isDecided }
    this.ends.set(id, life)
    this.crashes.delete(id)
    this.interrupted.delete(id)
    this.leaving.delete(id)
    this.alive.delete(id)
    this.note(life)
    this.afterEnd(id)
  }

  behaviour(child: Otp.Child, id: string): Behaviour<Worker, "failed", Scope.Scope> {
    return Effect.suspend(() => {
      const start = (this.starts.get(id) ?? 0) + 1
      this.starts.set(id, start)
      if (child["fails-at"]?.includes(start) === true || start >= (child["fails-from"] ?? Number.POSITIVE_INFINITY)) {
        this.crashes.delete(id)
        this.note(`start ${id} fails`)
        return Effect.fail("failed" as const)
      }
      this.crashes.delete(id)
      this.alive.add(id)
      this.note(`start ${id}`)
      return Effect.as(
        Effect.addFinalizer(() => Effect.sync(() => this.ended(id))),
        (message: Worker, context: ActorContext<Worker>) =>
          message._tag === "Do" ? (message.run as Run)(context) : undefined
      )
    })
  }

  worker(child: Otp.Child, id = child.id) {
    return ChildSpec.make({
      id,
      behaviour: this.behaviour(child, id),
      protocol: Worker,
      restart: restarts[child.restart ?? "permanent"],
      isSignificant: child.significant,
      shutdown: child.shutdown === "brutal" ? "Brutal" : child.shutdown === "infinity" ? "Infinity" : child.shutdown,
      backoff: { base: 0, factor: 1, cap: 0 }
    })
  }

  private place(spec: Otp.Supervisor) {
    this.groups.set(spec.id, {
      children: new Set(spec.children?.map(({ id }) => id)),
      pending: undefined,
      hasRun: false
    })
    return {
      id: spec.id,
      restart: restarts[spec.restart ?? "permanent"],
      isSignificant: spec.significant,
      backoff: { base: 0, factor: 1, cap: 0 },
      intensity: { restarts: spec.restarts, within: `${spec.within} seconds` },
      autoShutdown: autoShutdowns[spec.auto ?? "never"]
    } as const
  }

  supervisor(spec: Otp.Supervisor) {
    return Supervisor.make({
      ...this.place(spec),
      strategy: strategies[spec.strategy ?? "one_for_one"],
      children: spec.children!.map((child): ChildSpec.Any => this.child(child))
    })
  }

  dynamic(spec: Otp.Supervisor) {
    return DynamicSupervisor.make({ ...this.place(spec), template: (id: string) => this.worker(spec.template!, id) })
  }

  child(spec: Otp.Child | Otp.Supervisor): ChildSpec.Any {
    if (!isSupervisor(spec)) return this.worker(spec)
    return spec.template === undefined ? this.supervisor(spec) : this.dynamic(spec)
  }

  readonly run = Effect.fnUntraced(function*(this: World, scenario: Otp.Scenario) {
    const scope = yield* Scope.make()
    const spec = scenario.supervisor
    const starting: Effect.Effect<Root, unknown, ActorSystem.ActorSystem | Scope.Scope> = spec.template === undefined
      ? Supervisor.start(this.supervisor(spec)) as never
      : DynamicSupervisor.start(this.dynamic(spec)) as never
    const started = yield* Effect.exit(Scope.provide(starting, scope))
    yield* settle
    if (Exit.isFailure(started)) {
      this.say("supervisor: not started")
      return this.trace
    }
    const root = started.value
    for (const step of scenario.steps) {
      yield* this.step(root, scope, step, scenario.pending)
      yield* settle
      if (this.isHanging) yield* TestClock.adjust("60 millis")
      yield* settle
    }
    this.say(`alive:${this.names()}`)
    if (root.status() === "Running") {
      if (!this.isLooping) this.say(`restarts: ${yield* root.restarts}`)
      this.say("supervisor: running")
    } else this.say("supervisor: ended shutdown")
    this.isHidden = true
    yield* Scope.close(scope, Exit.void)
    return this.trace
  })

  private names(): string {
    return [...this.alive].toSorted().map((id) => ` ${id}`).join("")
  }

  private readonly ref = Effect.fnUntraced(function*(this: World, id: string) {
    const system = yield* ActorSystem.ActorSystem
    return Option.getOrThrow(yield* system.lookup(id, Worker))
  })

  private readonly sup = Effect.fnUntraced(function*(this: World, root: Root, id: string) {
    if (id === "root") return root as Supervisor.Handle<never>
    const system = yield* ActorSystem.ActorSystem
    return Option.flatMap(yield* system.lookup(id), Supervisor.controlOf) as Option.Option<Supervisor.Handle<never>>
  }, (effect) => Effect.map(effect, (found) => Option.isOption(found) ? Option.getOrThrow(found) : found))

  private leave(id: string, how: Otp.Exit): Run {
    return (context) => {
      switch (how) {
        case "normal":
          this.leaving.add(id)
          return context.stop()
        case "abnormal":
          return Exit.fail("abnormal")
        case "defect":
          throw new Error("defect")
        default:
          return Effect.interrupt
      }
    }
  }

  private readonly exit = Effect.fnUntraced(function*(this: World, id: string, how: Otp.Exit) {
    const system = yield* ActorSystem.ActorSystem
    const ref = yield* this.ref(id)
    if (how === "shutdown") yield* system.stop(ref)
    else if (how === "killed" && this.variant === "Outside") yield* system.kill(ref)
    else {
      const run = this.leave(id, how)
      const gate = this.gates.get(id)
      if (gate === undefined) ref.tell(Worker.Do({ run }))
      else yield* Deferred.succeed(gate, run)
    }
  })

  private readonly step = Effect.fnUntraced(function*(
    this: World,
    root: Root,
    scope: Scope.Closeable,
    step: Otp.Step,
    pending: Otp.Pending | undefined
  ) {
    switch (step[0]) {
      case "align":
        return
      case "link": {
        const other = yield* this.ref(step[2])
        return (yield* this.ref(step[1])).tell(
          Worker.Do({ run: (context: ActorContext<Worker>) => context.link(other) })
        )
      }
      case "loop":
        this.isHidden = true
        this.isLooping = true
        return yield* this.exit(step[1], step[2])
      case "elapse":
        return yield* TestClock.adjust(`${step[1]} seconds`)
      case "exit":
        return yield* pending === undefined ? this.exit(step[1], step[2]) : this.withPending(pending, step[1], step[2])
      case "hang":
      case "slow": {
        const [how, id] = step
        this.isHanging = true
        const run: Run = () =>
          Effect.onInterrupt(
            how === "hang" ? Effect.never : Effect.sleep("50 millis"),
            () => Effect.sync(() => this.interrupted.add(id))
          )
        return (yield* this.ref(id)).tell(Worker.Do({ run }))
      }
      case "stop":
        return void (yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true }))
      case "start":
        this.groups.get(step[1])?.children.add(step[2].id)
        return yield* this.result("start", step[2].id, (yield* this.sup(root, step[1])).startChild(this.child(step[2])))
      case "start-dynamic":
        return yield* this.result("start", step[2], this.startDynamic(yield* this.sup(root, step[1]), step[2]))
      case "terminate":
      case "terminate-dynamic":
        return yield* this.result("terminate", step[2], (yield* this.sup(root, step[1])).stopChild(step[2]))
      case "restart":
        return yield* this.result("restart", step[2], (yield* this.sup(root, step[1])).restartChild(step[2]))
      case "delete":
        return yield* this.result("delete", step[2], (yield* this.sup(root, step[1])).deleteChild(step[2]))
      case "which": {
        const children = yield* (yield* this.sup(root, step[1])).whichChildren
        const place = (status: string) =>
          status === "Stopped" || status === "Failed" ? "ended" : status === "Running" ? "running" : "restarting"
        return this.say(`which:${children.map(({ id, status }) => ` ${id}=${place(status)}`).join("")}`)
      }
      case "count": {
        const { active, specs, supervisors, workers } = yield* (yield* this.sup(root, step[1])).countChildren
        return this.say(`count: specs=${specs} active=${active} supervisors=${supervisors} workers=${workers}`)
      }
      case "start-many": {
        const [, sup, child, from, to] = step
        this.isHidden = true
        const handle = yield* this.sup(root, sup)
        for (let n = from; n <= to; n++) yield* handle.startChild(this.worker(child, `${child.id}${n}`))
        return
      }
      case "start-many-dynamic": {
        const [, sup, id, from, to] = step
        this.isHidden = true
        const handle = yield* this.sup(root, sup)
        for (let n = from; n <= to; n++) yield* this.startDynamic(handle, `${id}${n}`)
        return
      }
      case "exit-many": {
        const [, id, from, to, how] = step
        this.isHidden = true
        for (let n = from; n <= to; n++) yield* this.exit(`${id}${n}`, how)
        return yield* TestClock.adjust(0)
      }
      case "show":
        this.isHidden = false
    }
  })

  private startDynamic(handle: Supervisor.Handle<never>, id: string): Effect.Effect<unknown, unknown> {
    return (handle as unknown as DynamicSupervisor.Handle<[string], never, unknown, Worker>).startChild(id)
  }

  private readonly result = Effect.fnUntraced(function*<R>(
    this: World,
    what: string,
    id: string,
    effect: Effect.Effect<unknown, unknown, R>
  ) {
    // A stop waits for the clock.
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* settle
    if (this.isHanging) yield* TestClock.adjust("60 millis")
    const exit = yield* Effect.exit(Fiber.join(fiber))
    this.say(`${what} ${id}: ${Exit.isSuccess(exit) ? "ok" : failure(Cause.squash(exit.cause))}`)
  })

  private readonly withPending = Effect.fnUntraced(function*(
    this: World,
    pending: Otp.Pending,
    id: string,
    how: Otp.Exit
  ) {
    const ids = [...this.alive].toSorted()
    const system = yield* ActorSystem.ActorSystem
    const broker = yield* Broker.Broker
    const settled: Array<Effect.Effect<void, unknown, ActorSystem.ActorSystem>> = []
    const yes = (each: string) => Worker.Do({ run: () => void this.outcomes.set(each, "yes") })
    for (const each of ids) {
      const ref: ActorRef<Worker> = yield* this.ref(each)
      switch (pending) {
        case "waiting": {
          const gate = Deferred.makeUnsafe<Run>()
          this.gates.set(each, gate)
          ref.tell(Worker.Do({
            run: (context: ActorContext<Worker>) =>
              Effect.flatMap(Deferred.await(gate), (run) => run(context) ?? Effect.void).pipe(
                Effect.onInterrupt(() => Effect.sync(() => this.interrupted.add(each)))
              )
          }))
          ref.tell(yes(each))
          settled.push(Effect.asVoid(Deferred.succeed(gate, () => {})))
          break
        }
        case "ask":
          yield* Effect.forkChild(
            Effect.onExit(ref.ask(Worker.Hold()), () => Effect.sync(() => this.outcomes.set(each, "yes"))),
            { startImmediately: true }
          )
          break
        case "timer":
          ref.tell(Worker.Do({
            run: (context: ActorContext<Worker>) => context.timers.once("timer", "100 millis", yes(each))
          }))
          break
        case "watcher": {
          const watcher = yield* system.spawn<Worker, never, never>(
            Effect.succeed((message, context) => message._tag === "Do" ? (message.run as Run)(context) : undefined)
          )
          watcher.tell(Worker.Do({ run: (context: ActorContext<Worker>) => context.watch(ref, () => yes(each)) }))
          break
        }
        case "subscription":
          yield* broker.subscribe(ref, Topic.make(Worker, each))
          settled.push(Effect.sync(() => broker.publish(Topic.make(Worker, each), yes(each))))
          break
        case "stash": {
          let isFirst = true
          const message = Worker.Do({
            run: (context: ActorContext<Worker>) => {
              if (!isFirst) return void this.outcomes.set(each, "yes")
              isFirst = false
              return context.stash(message)
            }
          })
          ref.tell(message)
          settled.push(
            Effect.sync(() => ref.tell(Worker.Do({ run: (context: ActorContext<Worker>) => context.unstashAll() })))
          )
          break
        }
        case "name":
      }
    }
    yield* settle
    yield* this.exit(id, how)
    yield* settle
    for (const each of settled) yield* each
    yield* TestClock.adjust("200 millis")
    yield* settle
    for (const each of ids) {
      if (pending === "name") {
        const found = yield* system.lookup(each)
        this.say(`name ${each}: ${Option.isSome(found) ? "taken" : "free"}`)
      } else this.say(`${pending} ${each}: ${outcomes[pending][this.outcomes.has(each) ? 0 : 1]}`)
    }
  })
}

const outcomes = {
  waiting: ["handled", "lost"],
  stash: ["handled", "lost"],
  timer: ["fired", "gone"],
  subscription: ["delivered", "gone"],
  ask: ["failed", "waits"],
  watcher: ["told", "silent"]
} as const

const failure = (error: unknown): string => {
  const { _tag, isRunning, status } = error as { _tag?: string; isRunning?: boolean; status?: string }
  switch (_tag) {
    case "ChildExists":
      return isRunning === true ? "exists and runs" : "exists and has ended"
    case "ChildNotFound":
      return "not found"
    case "ChildRunning":
      return status === "Restarting" ? "is restarting" : "runs"
    case "SupervisorStopped":
      return "no supervisor"
    default:
      return "not started"
  }
}

/** What our supervisors do in a scenario, in the words of the oracle. */
export const traceOf = (scenario: Otp.Scenario, variant: Variant): Effect.Effect<Array<string>> =>
  Effect.suspend(() => {
    const world = new World(variant)
    return Effect.scoped(world.run(scenario)).pipe(
      Effect.provide(Layer.merge(Layer.fresh(ActorSystem.layerTest), Layer.fresh(Broker.layer))),
      Effect.provideService(ActorHooks, { onEvent: world.onEvent }),
      Effect.orDie
    )
  }) as Effect.Effect<Array<string>>
