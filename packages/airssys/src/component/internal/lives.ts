/** The lives of the components of a host: their states, and how they came to them. */
import * as Latch from "effect/Latch"
import type { ActorEvent } from "../../actor/ActorEvent.ts"
import type { ActorRef } from "../../actor/ActorRef.ts"
import type { ActorSystem } from "../../actor/ActorSystem.ts"
import type { Quota } from "../../security/Quota.ts"
import type { Tab } from "../../security/Quotas.ts"
import { type ComponentEnd, type Outcome, worst } from "../ComponentEnd.ts"
import type { ComponentError } from "../ComponentError.ts"
import type { Group } from "../ComponentHost.ts"
import { edge, isLive, type LifecycleEvent, type State } from "../ComponentLifecycle.ts"
import type { ComponentMessage, HealthReport } from "../ComponentMessage.ts"
import type { GuestError } from "../GuestError.ts"
import type { Release } from "../Release.ts"
import type { ShutdownReason } from "./lifecycle.ts"
import * as lifeEvents from "./lifeEvents.ts"
import type { Working } from "./pace.ts"

/** One actor of a component. */
export interface Member {
  readonly ref: ActorRef<ComponentMessage>
  readonly system: ActorSystem["Service"]
  state: "Starting" | "Running" | "Stopping"
  report: HealthReport | undefined
  /** The message that takes long. */
  working: Working | undefined
  /** Why its `shutdown` did not return well. */
  hook: ComponentError | GuestError | undefined
  isKilled: boolean
  /** Open when nobody waits for its `shutdown` any more. */
  readonly isCut: Latch.Latch
}

const historyLimit = 32
const restartsLimit = 64
const restartsWindow = 60_000

/** A component, from its install on. */
export class Life {
  release: Release
  /** The actor, or the pool of actors, that it runs in. */
  group: string | undefined = undefined
  /** How many actors it is to have. */
  expected = 1
  /** By which it is known. */
  ref: ActorRef<ComponentMessage> | undefined = undefined
  readonly members = new Map<string, Member>()
  state: State = "Installed"
  /** Where quotas are kept, while one of its actors has it open. */
  tab: Tab | undefined = undefined
  /** The functions whose handlers go on after their calls. */
  leftBehind: ReadonlyArray<string> = []
  /** Why it is to be taken out, when it ends. */
  condemned: string | undefined = undefined
  /** How it ended, unless it lives. */
  ended: ComponentEnd | undefined = undefined
  private readonly steps: Array<LifecycleEvent> = []
  private readonly restartTimes: Array<number> = []
  private readonly now: () => number
  private readonly tell: (event: LifecycleEvent) => void

  constructor(release: Release, now: () => number, tell: (event: LifecycleEvent) => void) {
    this.release = release
    this.now = now
    this.tell = tell
  }

  get history(): ReadonlyArray<LifecycleEvent> {
    return this.steps.slice()
  }

  get restarts(): number {
    const since = this.now() - restartsWindow
    return this.restartTimes.filter((at) => at >= since).length
  }

  get running(): number {
    return [...this.members.values()].filter(({ state }) => state === "Running").length
  }

  isUnlimited(quota: Quota): boolean {
    return this.tab?.isUnlimited(quota) === true
  }

  /** What the members last said, the worst of it. */
  get report(): HealthReport | undefined {
    const reports = [...this.members.values()].flatMap(({ report }) => report === undefined ? [] : [report])
    return reports.toSorted((a, b) => severity[b.status] - severity[a.status])[0]
  }

  /** The message that takes longest. */
  get working(): Working | undefined {
    const all = [...this.members.values()].flatMap(({ working }) => working === undefined ? [] : [working])
    return all.toSorted((a, b) => a.since - b.since)[0]
  }

  workedFor({ since }: Working): number {
    return Math.max(0, this.now() - since)
  }

  restarted(): void {
    this.restartTimes.push(this.now())
    if (this.restartTimes.length > restartsLimit) this.restartTimes.shift()
  }

  /** Goes to the state that its members are in. */
  follow(because: string): void {
    const next = this.stateOfMembers()
    if (next !== undefined) this.go(next, because)
  }

  /** One of its actors has ended. */
  left(outcome: Outcome, because: string, hook: Member["hook"]): void {
    const { digest: release, id: component } = this.release
    const end = { component, release, outcome, because: this.condemned ?? because, hook, at: this.now() }
    this.ended = this.ended === undefined ? end : worst(this.ended, end)
  }

  end(as: "Stopped" | "Failed", because: string): void {
    if (!isLive(this.state)) return
    this.go("Stopping", because)
    this.go(this.condemned === undefined ? as : "Quarantined", this.condemned ?? because)
    this.condemned = undefined
  }

  private stateOfMembers(): State | undefined {
    const members = [...this.members.values()]
    if (members.length === 0) return undefined
    const running = members.filter(({ state }) => state === "Running")
    if (running.length > 0) {
      const areWell = running.length >= this.expected && running.every(isWell)
      return areWell ? "Running" : "Degraded"
    }
    return members.some(({ state }) => state === "Starting") ? "Starting" : "Stopping"
  }

  private go(to: State, because: string): void {
    const step = edge(this.state, to)
    if (step === undefined) return
    this.state = to
    const event = { component: this.release.id, release: this.release.digest, edge: step, at: this.now(), because }
    this.steps.push(event)
    if (this.steps.length > historyLimit) this.steps.shift()
    this.tell(event)
  }
}

/** Takes for killed who has not ended by now. */
const cut = (member: Member): void => {
  member.isKilled = true
  member.isCut.openUnsafe()
}

const severity = { healthy: 0, unknown: 1, degraded: 2, unhealthy: 3 } as const

const outcomeOf = (
  event: Extract<ActorEvent, { readonly _tag: "Stopped" | "Failed" }>,
  { hook, isKilled }: Member,
  detail: string
): readonly [Outcome, string, Member["hook"]] => {
  if (event._tag === "Failed") return ["Failed", detail, hook]
  if (isKilled) return ["Killed", event.reason === "Killed" ? detail : "DeadlineExceeded", hook]
  return hook === undefined ? ["Stopped", detail, hook] : ["Failed", lifeEvents.hookDetail(hook), hook]
}

const isWell = ({ report, working }: Member): boolean => working === undefined && !isBad(report)

const isBad = (report: HealthReport | undefined): boolean =>
  report !== undefined && (report.status === "degraded" || report.status === "unhealthy")

export class Lives {
  /** Why components are stopped. */
  reason: ShutdownReason = "stopped"
  /** By the ids of the components. */
  readonly all = new Map<string, Life>()
  private readonly byActor = new Map<string, Life>()
  private readonly now: () => number
  private readonly tell: (event: LifecycleEvent) => void

  constructor(now: () => number, tell: (event: LifecycleEvent) => void) {
    this.now = now
    this.tell = tell
  }

  /** Takes those that have not ended for killed. */
  cut(): void {
    for (const { members } of this.all.values()) for (const member of members.values()) cut(member)
  }

  /** The life of the component in an actor, or in a pool of them, of this name. */
  ofGroup(group: string): Life | undefined {
    for (const life of this.all.values()) if (life.group === group && isLive(life.state)) return life
    return undefined
  }

  /** The life of the component that an actor belongs to. */
  of(actor: string): Life | undefined {
    return this.byActor.get(actor)
  }

  member(actor: string): Member | undefined {
    return this.byActor.get(actor)?.members.get(actor)
  }

  installed(release: Release): Life {
    const known = this.all.get(release.id)
    if (known !== undefined) {
      if (!isLive(known.state)) known.release = release
      return known
    }
    const life = new Life(release, this.now, this.tell)
    this.all.set(release.id, life)
    return life
  }

  /** An actor begins a life; undefined where another one has the component. */
  begin(
    release: Release,
    group: Group,
    ref: ActorRef<ComponentMessage>,
    system: ActorSystem["Service"]
  ): Life | undefined {
    const life = this.installed(release)
    if (life.members.size > 0 && life.group !== group.name) return undefined
    life.group = group.name
    life.expected = group.actors
    life.release = release
    if (life.members.size === 0) life.ended = undefined
    const former = life.members.get(ref.name)
    life.members.set(ref.name, {
      ref,
      system,
      state: "Starting",
      report: undefined,
      working: undefined,
      hook: undefined,
      isKilled: false,
      isCut: Latch.makeUnsafe(false)
    })
    this.byActor.set(ref.name, life)
    life.condemned = undefined
    life.follow(former === undefined ? "it is started" : "it is restarted")
    return life
  }

  /** Takes an event of an actor. Gives the life that is over with it, if one is. */
  onEvent(event: ActorEvent, detail: string): Life | undefined {
    const life = this.byActor.get(event.name)
    const member = life?.members.get(event.name)
    if (life === undefined || member === undefined) return undefined
    if (event._tag === "Abandoned" && event.part === "Finalizers") cut(member)
    if (member.state === "Stopping" && event._tag !== "Stopped" && event._tag !== "Failed") return undefined
    switch (event._tag) {
      case "Started":
      case "Restarted":
        member.state = "Running"
        if (event._tag === "Restarted") life.restarted()
        life.follow(event._tag === "Started" ? "it has started" : "it has restarted")
        return undefined
      case "Crashed":
      case "Restarting":
        member.state = "Starting"
        member.report = undefined
        member.working = undefined
        life.follow(detail)
        return undefined
      case "GaveUp":
        life.condemned = "it kept failing"
        return undefined
      case "Stopped":
      case "Failed":
        life.left(...outcomeOf(event, member, detail))
        return this.leave(life, event.name, event._tag, detail)
      default:
        return undefined
    }
  }

  /** An actor is being stopped, and takes no more messages. */
  stopping(actor: string): void {
    const member = this.member(actor)
    if (member === undefined) return
    member.state = "Stopping"
    this.byActor.get(actor)?.follow("it is stopped")
  }

  private leave(life: Life, actor: string, as: "Stopped" | "Failed", detail: string): Life | undefined {
    this.byActor.delete(actor)
    life.members.delete(actor)
    if (life.members.size > 0) {
      life.follow(detail)
      return undefined
    }
    life.end(as, detail)
    return life
  }
}
