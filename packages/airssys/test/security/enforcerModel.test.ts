import { assert, describe, it } from "@effect/vitest"
import { CurrentPrincipal, type Principal } from "airssys/security/Principal"
import { Effect, Fiber, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { ask, component, day, type Enforcer, Files, host, read, run } from "./kernel.ts"

/** What each pattern covers of a world of few resources. */
const covered = new Map<string, ReadonlyArray<string>>([
  ["inbox:/**", ["inbox:/a/1", "inbox:/a/2", "inbox:/a/x/1", "inbox:/b/1"]],
  ["inbox:/a/**", ["inbox:/a/1", "inbox:/a/2", "inbox:/a/x/1"]],
  ["inbox:/a/*", ["inbox:/a/1", "inbox:/a/2"]],
  ["inbox:/a/1", ["inbox:/a/1"]],
  ["inbox:/b/*", ["inbox:/b/1"]]
])
const patterns = [...covered.keys()]
const resources = covered.get("inbox:/**") ?? []
const principals = [host("ada"), host("bob"), component("acme:rates")] as const
const asked = { patterns: ["inbox:/a/**"], end: 3 * day }
const days = ["1970-01-01", "1970-01-02", undefined] as const
const endOf = (expires: string | undefined) =>
  expires === undefined ? Number.POSITIVE_INFINITY : Number(expires.slice(8)) * day

const isCovered = (wider: ReadonlyArray<string>, narrower: string) =>
  wider.some((pattern) => covered.get(narrower)!.every((resource) => covered.get(pattern)!.includes(resource)))

interface Held {
  readonly owner: Principal
  readonly parent: number | undefined
  readonly given: string
  patterns: ReadonlyArray<string>
  end: number
  isRevoked: boolean
}

/** The rules of grants, as slowly and plainly as they can be said. */
class Model {
  now = 0
  readonly admitted = new Set<Principal>()
  readonly held = new Map<number, Held>()
  readonly taken = new Map<string, "Revoked" | Pick<Held, "patterns" | "end">>()

  isLive(id: number): boolean {
    const grant = this.held.get(id)
    return grant !== undefined && !grant.isRevoked && this.now < grant.end &&
      (grant.parent === undefined || this.isLive(grant.parent))
  }

  may(owner: Principal, resource: string): boolean {
    if (!this.admitted.has(owner)) return false
    if (owner.kind === "Component" && !(this.now < asked.end && covered.get(asked.patterns[0]!)!.includes(resource))) {
      return false
    }
    return [...this.held].some(([id, grant]) =>
      grant.owner === owner && this.isLive(id) &&
      grant.patterns.some((pattern) => covered.get(pattern)!.includes(resource))
    )
  }

  add(id: number, owner: Principal, pattern: string, expires: string | undefined, parent?: number): Held {
    const bound = parent === undefined ? Number.POSITIVE_INFINITY : this.held.get(parent)!.end
    const made: Held = {
      owner,
      parent,
      given: `${owner.id} ${pattern} ${expires}`,
      patterns: [pattern],
      end: Math.min(endOf(expires), bound),
      isRevoked: false
    }
    this.held.set(id, made)
    return made
  }

  /** Everything below a grant that goes beyond it is over, for good. */
  settle(): void {
    for (let round = 0; round < 10; round++) {
      for (const grant of this.held.values()) {
        const parent = grant.parent === undefined ? undefined : this.held.get(grant.parent)
        if (grant.parent === undefined) continue
        if (parent === undefined || parent.isRevoked || !grant.patterns.every((_) => isCovered(parent.patterns, _))) {
          grant.isRevoked = true
        } else grant.end = Math.min(grant.end, parent.end)
      }
    }
  }
}

const Index = Schema.Literals([0, 1, 2])
const Pattern = Schema.Literals(patterns as [string, ...Array<string>])
const Step = Schema.Union([
  Schema.Struct({ do: Schema.Literals(["admit", "dismiss", "revokeAll"]), who: Index }),
  Schema.Struct({ do: Schema.Literal("grant"), who: Index, pattern: Pattern, until: Index }),
  Schema.Struct({
    do: Schema.Literals(["narrow", "revoke"]),
    pick: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })),
    pattern: Pattern,
    until: Index
  }),
  Schema.Struct({
    do: Schema.Literal("delegate"),
    pick: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })),
    who: Index,
    pattern: Pattern,
    until: Index
  }),
  Schema.Struct({ do: Schema.Literal("tick") })
])
type Step = typeof Step.Type

const initial = read(["inbox:/**"])
const initialKey = (owner: Principal) => `${owner.id} inbox:/** undefined`

const succeeded = <A, E>(effect: Effect.Effect<A, E>) => Effect.map(Effect.result(effect), Result.getOrUndefined)

const perform = (enforcer: Enforcer, model: Model, step: Step) =>
  Effect.gen(function*() {
    if (step.do === "tick") {
      model.now += day
      return yield* TestClock.setTime(model.now)
    }
    if ("pick" in step) {
      return yield* change(enforcer, model, step)
    }
    const owner = principals[step.who]
    if (step.do === "admit") {
      const asks = owner.kind === "Component" ? [ask("filesystem.read", asked.patterns, "1970-01-03")] : []
      yield* enforcer.admit(owner, { asks, grants: [initial] })
      if (model.admitted.has(owner)) return
      model.admitted.add(owner)
      const [held] = yield* enforcer.held(owner)
      const grant = model.add(held!.id, owner, "inbox:/**", undefined)
      const taken = model.taken.get(initialKey(owner))
      if (taken === "Revoked") grant.isRevoked = true
      else if (taken !== undefined) Object.assign(grant, taken)
    } else if (step.do === "dismiss") {
      yield* enforcer.dismiss(owner)
      model.admitted.delete(owner)
      for (const [id, grant] of model.held) if (grant.owner === owner) model.held.delete(id)
    } else if (step.do === "grant") {
      const expires = days[step.until]
      const id = yield* succeeded(enforcer.grant(owner, read([step.pattern], expires)))
      assert.strictEqual(id !== undefined, model.admitted.has(owner))
      if (id !== undefined) model.taken.delete(model.add(id, owner, step.pattern, expires).given)
    } else {
      yield* Effect.ignore(enforcer.revoke(owner, { reason: "over" }))
      for (const grant of model.held.values()) if (grant.owner === owner) take(model, grant)
    }
    model.settle()
  })

const take = (model: Model, grant: Held): void => {
  if (grant.parent === undefined && !grant.isRevoked) model.taken.set(grant.given, "Revoked")
  grant.isRevoked = true
}

const change = (enforcer: Enforcer, model: Model, step: Extract<Step, { readonly pick: number }>) =>
  Effect.gen(function*() {
    const [id, grant] = [...model.held][step.pick % Math.max(1, model.held.size)] ?? []
    if (id === undefined || grant === undefined) return
    const expires = days[step.until]
    const isPart = model.isLive(id) && isCovered(grant.patterns, step.pattern) &&
      (expires === undefined || endOf(expires) <= grant.end)
    if (step.do === "revoke") {
      yield* enforcer.revoke(grant.owner, { grant: id, reason: "over" })
      take(model, grant)
    } else if (!("who" in step)) {
      const narrowing = enforcer.narrow(grant.owner, id, { patterns: [step.pattern], expires, reason: "x" })
      assert.strictEqual((yield* Effect.result(narrowing))._tag === "Success", isPart)
      if (isPart) {
        grant.patterns = [step.pattern]
        grant.end = Math.min(grant.end, endOf(expires))
        if (grant.parent === undefined) model.taken.set(grant.given, { patterns: grant.patterns, end: grant.end })
      }
    } else {
      const to = principals[step.who]
      const isAsked = grant.owner.kind !== "Component" ||
        (model.now < asked.end && isCovered(asked.patterns, step.pattern))
      const made = yield* succeeded(
        enforcer.delegate(grant.owner, to, { grant: id, patterns: [step.pattern], expires, reason: "x" })
      )
      assert.strictEqual(made !== undefined, isPart && isAsked && model.admitted.has(to))
      if (made !== undefined) {
        const child = model.add(made, to, step.pattern, expires, id)
        if (grant.owner.kind === "Component") child.end = Math.min(child.end, asked.end)
      }
    }
    model.settle()
  })

describe("CapabilityEnforcer", () => {
  it.effect.prop(
    "decides as the plain model does after any sequence of changes, and so ends what is in flight",
    [Schema.Array(Step).check(Schema.isMinLength(4), Schema.isMaxLength(40))],
    ([steps]) =>
      run((enforcer) =>
        Effect.gen(function*() {
          const model = new Model()
          const flights = new Map<string, Fiber.Fiber<unknown, unknown>>()
          for (const step of steps) {
            yield* perform(enforcer, model, step)
            for (let turn = 0; turn < 6; turn++) yield* Effect.yieldNow
            for (const owner of principals) {
              for (const resource of resources) {
                const may = model.may(owner, resource)
                const decision = enforcer.check(owner, "filesystem.read", resource)
                assert.strictEqual(
                  decision._tag === "Allowed",
                  may,
                  `${owner.id} ${resource} after ${JSON.stringify(step)}`
                )
                const reached = enforcer.reach("filesystem.read", resource).some(({ principal }) =>
                  principal.id === owner.id
                )
                assert.strictEqual(reached, may)
                const key = `${owner.id} ${resource}`
                const flight = flights.get(key)
                if (flight !== undefined) {
                  assert.strictEqual(flight.pollUnsafe() === undefined, may, `in flight: ${key}`)
                }
                if (!may) flights.delete(key)
                else if (flight === undefined) {
                  const use = enforcer.require(Files.on(resource))(Files.use((lease) => lease.use(Effect.never)))
                  flights.set(
                    key,
                    yield* Effect.forkChild(Effect.provideService(use, CurrentPrincipal, owner), {
                      startImmediately: true
                    })
                  )
                }
              }
            }
          }
          yield* Fiber.interruptAll(flights.values())
        })
      ),
    { arbitrary: { runs: 150 } }
  )
})
