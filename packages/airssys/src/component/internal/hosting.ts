/** How a host brings components to life, follows their lives and tells of them. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberMap from "effect/FiberMap"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import type { ActorContext } from "../../actor/ActorContext.ts"
import type { ActorEvent } from "../../actor/ActorEvent.ts"
import { ActorSystem } from "../../actor/ActorSystem.ts"
import * as Behaviour from "../../actor/Behaviour.ts"
import * as AuditEvent from "../../security/AuditEvent.ts"
import { AuditLog } from "../../security/AuditLog.ts"
import { CapabilityEnforcer } from "../../security/CapabilityEnforcer.ts"
import * as Places from "../../security/Places.ts"
import { Quotas } from "../../security/Quotas.ts"
import * as Argument from "../Argument.ts"
import { ComponentDirectory } from "../ComponentDirectory.ts"
import type { ComponentHost, Group, Placement } from "../ComponentHost.ts"
import type { LifecycleEvent } from "../ComponentLifecycle.ts"
import type { ComponentMessage } from "../ComponentMessage.ts"
import type { ComponentStatus } from "../ComponentStatus.ts"
import type * as Contract from "../Contract.ts"
import type { HostingOptions } from "../HostingOptions.ts"
import { InstallRefused, principal as principalOf, type Release } from "../Release.ts"
import * as approving from "./approving.ts"
import * as componentConfig from "./componentConfig.ts"
import * as componentOptions from "./componentOptions.ts"
import * as installChecks from "./installChecks.ts"
import * as installing from "./installing.ts"
import * as instances from "./instances.ts"
import * as lifeEvents from "./lifeEvents.ts"
import { type Life, Lives } from "./lives.ts"
import * as offers from "./offers.ts"
import { StartLine } from "./startLine.ts"
import * as statuses from "./statuses.ts"

const alreadyHosted = (component: string) =>
  new InstallRefused({ component, reason: "AlreadyHosted", detail: "is hosted already, by another actor" })

/** What keeps the audit log and the grants in step with the lives of components. */
const makeFollowing = Effect.fnUntraced(function*(lives: Lives) {
  const audit = yield* AuditLog
  const directory = yield* ComponentDirectory
  const enforcer = yield* CapabilityEnforcer
  const dismissals = yield* FiberMap.make<string, void>()
  const dismiss = yield* FiberMap.runtime(dismissals)<never>()
  const appends = yield* FiberSet.make<void>()
  const append = yield* FiberSet.runtime(appends)<never>()

  // The buffer for uses may be full; the edges of a life are appended then, and those behind
  // them. Where the host closes meanwhile, they and the dismissals are waited for.
  const late: Array<AuditEvent.AuditEvent> = []
  let isAppending = false
  const appendLate = Effect.uninterruptible(Effect.whileLoop({
    while: () => (isAppending = late.length > 0),
    body: () => Effect.ignoreCause(audit.appendAll(late.splice(0, installing.auditedAtOnce)), { log: "Error" }),
    step: () => {}
  }))
  const record = (event: AuditEvent.AuditEvent): void => {
    if (!isAppending && audit.recordUnsafe(event) !== undefined) return
    late.push(event)
    if (isAppending) return
    isAppending = true
    append(appendLate)
  }

  const onEvent = (event: ActorEvent): void => {
    const life = lives.of(event.name)
    if (life === undefined) return
    const { release } = life
    const principal = principalOf(release)
    const audited = lifeEvents.auditEvent(AuditEvent.actor(principal), event, release.digest, life.condemned)
    if (audited !== undefined) record(audited)
    if (lives.onEvent(event, lifeEvents.detail(event)) === undefined) return
    if (life.ref !== undefined) directory.leave({ id: release.id, ref: life.ref })
    dismiss(principal.id, Effect.uninterruptible(Effect.ignore(enforcer.dismiss(principal), { log: "Error" })))
  }

  /** Waits until the grants of an earlier life are gone. */
  const dismissed = (id: string): Effect.Effect<void> =>
    Effect.flatMap(
      FiberMap.get(dismissals, id),
      (leaving) => Option.isSome(leaving) ? Fiber.await(leaving.value) : Effect.void
    )

  return { onEvent, dismissed }
})

type Following = Effect.Success<ReturnType<typeof makeFollowing>>

interface Start {
  readonly group: Group
  readonly release: Release
  readonly definition: Contract.Definition | undefined
  readonly options: HostingOptions
}

/** What brings an instance to life in an actor. */
const makeBeginning = Effect.fnUntraced(function*(
  lives: Lives,
  following: Following,
  line: StartLine,
  { judged, place }: Effect.Success<typeof installing.make>
) {
  const approvals = yield* approving.make
  const quotas = Option.getOrUndefined(yield* Effect.serviceOption(Quotas))
  const directory = yield* ComponentDirectory
  const enforcer = yield* CapabilityEnforcer
  const hosted = yield* instances.make
  const admitting = Places.make(installing.auditedAtOnce)
  const turn = Places.make(1)(Effect.yieldNow)
  let underWay = 0

  const taken = (life: Life, release: Release, context: ActorContext<ComponentMessage>) =>
    Effect.gen(function*() {
      const { kill } = yield* ActorSystem
      const because = yield* approvals!.watch(release, judged(release))
      life.condemned = because.message
      yield* kill(context.self)
    })

  /** Whether it needs an approval, which it has. */
  const approved = Effect.fnUntraced(function*({ limits, release }: Placement) {
    const isConcerned = approvals !== undefined && approving.concerns(release, limits)
    if (isConcerned) yield* approvals.ensure(release)
    return isConcerned
  })

  const requireApproval = (release: Release, options: HostingOptions) =>
    Effect.asVoid(Effect.flatMap(place(release, options), approved))

  /** Judges a release, and lets it in with what it is granted. */
  const admit = Effect.fnUntraced(function*(given: Release, options: HostingOptions) {
    const placement = yield* place(given, options, true)
    const { release } = placement
    const principal = principalOf(release)
    const isWatched = yield* approved(placement)
    yield* following.dismissed(release.id)
    yield* admitting(enforcer.admit(principal, {
      asks: release.manifest.asks,
      grants: options.grants ?? [],
      release: release.digest
    }))
    return { placement, principal, isWatched }
  })

  const begin = Effect.fnUntraced(function*(
    context: ActorContext<ComponentMessage>,
    { definition, group, options, release: given }: Start
  ) {
    yield* installChecks.agree(given, definition)
    const { self } = context
    const system = yield* ActorSystem
    const life = lives.begin(given, group, self, system)
    if (life === undefined) return yield* alreadyHosted(given.id)
    const configuration = yield* Effect.fromResult(componentConfig.make(given, options))
    const { isWatched, placement, principal } = yield* admit(given, options)
    const { release } = placement
    const member = lives.member(self.name)
    const tab = quotas === undefined ? undefined : yield* quotas.tab(release.id)
    life.tab = tab
    yield* directory.arrive({ id: given.id, ref: self, release: given })
    // One of many is built in a turn of the thread, so that others have theirs meanwhile.
    if (underWay > 1) yield* turn
    const handler = yield* hosted.make({
      principal,
      placement,
      configuration,
      options,
      tab,
      context,
      built: line.leave(given.id),
      isKilled: () => member?.isKilled === true,
      worked: (working) => {
        if (member === undefined) return
        member.working = working
        life.follow(
          working === undefined ? "it goes on" : lifeEvents.workDetail(working.export, life.workedFor(working))
        )
      },
      abandonAfter: system.abandonAfter,
      leftBehind: (functions) => {
        life.leftBehind = functions
      },
      ending: {
        reason: () => lives.reason,
        isCut: member === undefined ? Effect.never : member.isCut.await,
        failed: (failure) => {
          if (member !== undefined) member.hook = failure
        }
      },
      reported: (report) => {
        if (member === undefined) return
        member.report = report
        life.follow(report.detail ?? `it says that it is ${report.status}`)
      }
    })
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        if (self.status() === "Stopping") lives.stopping(self.name)
      })
    )
    if (isWatched) context.fork(Effect.provideService(taken(life, release, context), ActorSystem, system))
    if (self.name === group.name) {
      life.ref = self
      directory.enter({ id: given.id, ref: self, release: given })
    }
    return handler
  })

  const counted = (context: ActorContext<ComponentMessage>, start: Start) =>
    Effect.suspend(() => {
      underWay++
      return Effect.ensuring(begin(context, start), Effect.sync(() => underWay--))
    })

  return { begin: counted, denials: hosted.denials, requireApproval }
})

export const make = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const directory = yield* ComponentDirectory
  const quotas = Option.getOrUndefined(yield* Effect.serviceOption(Quotas))
  const steps = yield* PubSub.sliding<LifecycleEvent>(1024)
  const lives = new Lives(() => clock.currentTimeMillisUnsafe(), (event) => void PubSub.publishUnsafe(steps, event))
  const installer = yield* installing.make
  const following = yield* makeFollowing(lives)
  const line = new StartLine()
  const { begin, denials, requireApproval } = yield* makeBeginning(lives, following, line, installer)
  const statusOf = (life: Life): Effect.Effect<ComponentStatus> => statuses.make(life, quotas)

  const self: ComponentHost["Service"] = {
    install: (source) =>
      Effect.fromResult(Argument.checked(componentOptions.folder, source, "source")).pipe(
        Effect.flatMap(installer.install),
        Effect.tap((release) => Effect.sync(() => lives.installed(release)))
      ),
    place: installer.place,
    inTurn: (component, start) => line.inTurn(component, start),
    requireApproval,
    behaviour: (group, release, definition, options) =>
      Behaviour.setup((context) => begin(context, { group, release, definition, options })),
    represent: (group, ref) => {
      const life = lives.ofGroup(group)
      if (life === undefined) return
      life.ref = ref
      directory.enter({ id: life.release.id, ref, release: life.release })
    },
    current: (group) => lives.ofGroup(group)?.release,
    status: Effect.suspend(() =>
      Effect.forEach([...lives.all.values()].toSorted((a, b) => a.release.id < b.release.id ? -1 : 1), statusOf)
    ),
    statusOf: (component) =>
      Effect.suspend(() => {
        const life = lives.all.get(component)
        return life === undefined ? Effect.succeed(undefined) : statusOf(life)
      }),
    exit: () => {
      lives.reason = "host-exit"
    },
    cut: () => lives.cut(),
    lifecycle: Stream.fromPubSub(steps),
    denials,
    onEvent: following.onEvent,
    onOffer: quotas === undefined ? undefined : offers.make(quotas, lives),
    beforeKill: ({ name }) => {
      const member = lives.member(name)
      if (member !== undefined) member.isKilled = true
    }
  }
  return self
})
