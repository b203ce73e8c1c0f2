import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ActorContext } from "../../actor/ActorContext.ts"
import { AuditLog } from "../../security/AuditLog.ts"
import * as Explanation from "../../security/Explanation.ts"
import type { Principal } from "../../security/Principal.ts"
import { Quotas, type Tab } from "../../security/Quotas.ts"
import { ComponentEngine } from "../ComponentEngine.ts"
import { ComponentError } from "../ComponentError.ts"
import type { Denial, Placement } from "../ComponentHost.ts"
import type { ComponentMessage, HealthReport } from "../ComponentMessage.ts"
import * as Contract from "../Contract.ts"
import * as Delivery from "../Delivery.ts"
import type { HostingOptions } from "../HostingOptions.ts"
import * as HostServices from "../HostServices.ts"
import { Sink } from "../Receipts.ts"
import * as componentConfig from "./componentConfig.ts"
import * as coreExports from "./coreExports.ts"
import * as handling from "./handling.ts"
import * as health from "./health.ts"
import * as hooks from "./hooks.ts"
import type { Hosted, Message } from "./hosted.ts"
import * as hostRun from "./hostRun.ts"
import * as inertUses from "./inertUses.ts"
import * as lifecycle from "./lifecycle.ts"
import * as metering from "./metering.ts"
import { Pace, Paces, type Working } from "./pace.ts"

/** What an instance is for: whose, with what, and in which actor. */
export interface Order {
  readonly principal: Principal
  readonly placement: Placement
  readonly configuration: componentConfig.Configuration
  readonly options: HostingOptions
  /** Where quotas are kept. */
  readonly tab: Tab | undefined
  readonly context: ActorContext<ComponentMessage>
  /** Run when the guest is about to begin. */
  readonly built: Effect.Effect<void>
  /** Whether its actor was killed: then the guest is not told of the end. */
  readonly isKilled: () => boolean
  readonly reported: (report: HealthReport) => void
  readonly leftBehind: HostServices.Guest["leftBehind"]
  /** Learns of a message that takes longer than the time between two checks, and of its end. */
  readonly worked: (working: Working | undefined) => void
  /** As a guest is told of its end, and what came of that. */
  readonly ending: Pick<Parameters<typeof lifecycle.run>[2], "reason" | "isCut" | "failed">
  /** How long its actor waits for its end. */
  readonly abandonAfter: Duration.Duration
}

/** What the instance works on. It handles one message at a time. */
class Work {
  message: Message | undefined = undefined
  delivery: Delivery.Delivery | undefined = undefined
  readonly denied: Array<string> = []
  private sequence = 0
  private readonly run: string
  private readonly component: string
  private readonly counter: Counter

  constructor(run: string, component: string, counter: Counter) {
    this.run = run
    this.component = component
    this.counter = counter
  }

  begin(message: Message | undefined): void {
    this.end()
    if (this.denied.length > 0) this.denied.length = 0
    this.message = message
    if (message !== undefined) this.sequence = ++this.counter.messages
  }

  end(): void {
    this.message = undefined
    this.delivery = undefined
  }

  current(): Delivery.Delivery | undefined {
    const { message } = this
    if (message === undefined) return undefined
    this.delivery ??= message._tag === "Invoke" ? this.called(message.origin) : message.delivery
    return this.delivery
  }

  /** Messages are counted for each component; what they begin is named for the host. */
  private called(origin: Delivery.Origin): Delivery.Delivery {
    const id = `${this.run}-m${this.sequence}`
    return Delivery.make(id, { ...origin, correlation: origin.correlation ?? `${this.component}/${id}` })
  }

  deny(subject: string): void {
    if (this.denied.length < deniedLimit && !this.denied.includes(subject)) this.denied.push(subject)
  }
}

/** What a failed call is to its sender: of the component, with what was denied to it meanwhile. */
const named =
  (component: string, work: Work) => (target: Contract.Target) => (failure: ComponentError): ComponentError =>
    new ComponentError({
      component,
      export: Contract.exportName(target),
      reason: failure.reason,
      detail: failure.detail,
      denials: work.denied.slice(),
      ...(failure.receipt === undefined ? undefined : { receipt: failure.receipt }),
      ...(failure.cause === undefined ? undefined : { cause: failure.cause })
    })

/** Tells a guest that it begins, and later that it ends, if it wants to know. */
const live = (
  { begin, engine, hooks, instance, named, own }: Hosted,
  { configuration, ending, isKilled, placement: { limits, release } }: Order
) =>
  own.has(coreExports.lifecycle.world)
    ? lifecycle.run(release, { settings: componentConfig.settings(configuration), limits }, {
      hooks,
      call: (target, args) =>
        Effect.mapError(
          Effect.suspend(() => {
            begin(undefined)
            return engine.call(instance, target, args)
          }),
          named(target)
        ),
      isOver: () => instance.isPoisoned() || isKilled(),
      ...ending
    })
    : Effect.void

export const make = Effect.gen(function*() {
  const audit = yield* AuditLog
  const clock = yield* Clock.Clock
  const engine = yield* ComponentEngine
  const makeImports = yield* HostServices.make
  const run = yield* hostRun.make
  const quotas = Option.getOrUndefined(yield* Effect.serviceOption(Quotas))
  const sink = yield* Sink
  const counters = new Map<string, Counter>()
  const denials: Array<Denial> = []
  const warned = new Set<string>()
  const paces = new Paces(clock)
  yield* Effect.forkScoped(paces.watch)

  const importsOf = Effect.fnUntraced(function*(
    { configuration, leftBehind, options, placement: { release }, principal }: Order,
    work: Work
  ) {
    return makeImports({
      principal,
      namespace: release.manifest.component.namespace,
      name: release.manifest.component.name,
      version: release.version,
      environment: new Map(Object.entries(options.environment ?? {})),
      asks: release.manifest.asks,
      configuration,
      delivery: () => work.current(),
      scope: yield* Effect.scope,
      inert: yield* inertUses.make(audit, principal, release.digest),
      leftBehind,
      denied: (explanation, entry) => {
        work.deny(Explanation.subject(explanation))
        denials.unshift({ explanation, entry })
        if (denials.length > denialsLimit) denials.pop()
      }
    }, release.component.world.imports)
  })

  /** Of all instances of a component, and their restarts, once. */
  const warn = (text: string): Effect.Effect<void> =>
    warned.size < warned.add(text).size ? Effect.logWarning(text) : Effect.void

  const instance = Effect.fnUntraced(function*(order: Order) {
    const { limits, release, tier } = order.placement
    const own = coreExports.ownOf(release.component.world)
    const limitsOfHooks = yield* Effect.fromResult(hooks.make(release, order.options.hooks))
    const beyond = hooks.beyond(release, limitsOfHooks, order.abandonAfter)
    if (beyond !== undefined && own.has(coreExports.lifecycle.world)) yield* warn(beyond)
    const checks = yield* Effect.fromResult(health.options(release, order.options.health))
    const counter = counters.get(release.id) ?? { messages: 0 }
    counters.set(release.id, counter)
    const work = new Work(run, release.id, counter)
    if (quotas !== undefined) yield* quotas.reserve({ component: release.id }, "memory", limits.memory)
    const imports = yield* importsOf(order, work)
    const instance = yield* engine.instantiate(release.component, { imports, limits, tier })
    const pace = new Pace(paces, Duration.toMillis(checks.every), order.worked)
    yield* Effect.addFinalizer(() => Effect.sync(() => pace.leave()))
    const hosted: Hosted = {
      component: release.id,
      engine,
      instance,
      hooks: limitsOfHooks,
      health: health.make(release, checks, order.reported),
      meter: yield* metering.make(
        { quotas, sink, tab: order.tab, now: () => clock.currentTimeMillisUnsafe() },
        order.placement,
        () => work.current()
      ),
      pace,
      own,
      begin: (message) => work.begin(message),
      end: () => work.end(),
      named: named(release.id, work)
    }
    yield* order.built
    yield* live(hosted, order)
    hosted.health.begin(order.context)
    return handling.make(hosted)
  })

  return { make: instance, denials: Effect.sync(() => denials.slice()) }
})

const deniedLimit = 16
const denialsLimit = 64

/** Goes on over the restarts of a component, and is common to its instances. */
interface Counter {
  messages: number
}
