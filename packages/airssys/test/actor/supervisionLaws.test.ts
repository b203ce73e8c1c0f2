import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "airssys/actor/Accounting"
import { ActorHooks } from "airssys/actor/ActorHooks"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Behaviour } from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"

const names = ["a", "b", "c", "d", "e", "f"] as const

const commands = Arbitrary.array(
  Arbitrary.schema(Schema.Struct({
    command: Schema.Literals([
      "crash",
      "crash",
      "crash later",
      "quit",
      "block",
      "tell",
      "tell",
      "fail starts",
      "mend starts",
      "slow starts",
      "stop child",
      "restart child",
      "delete child",
      "start child",
      "stop",
      "kill",
      "clock",
      "clock",
      "settle"
    ]),
    name: Schema.Literals(names)
  })),
  { minLength: 5, maxLength: 60 }
)

const tree = Schema.Struct({
  outer: Schema.Literals(["OneForOne", "OneForAll", "RestForOne"]),
  inner: Schema.Literals(["OneForOne", "OneForAll", "RestForOne"]),
  restart: Schema.Literals(["Permanent", "Transient", "Temporary"]),
  restarts: Schema.Literals([0, 2, 1000]),
  delay: Schema.Literals([0, 700])
})

type Message = "crash" | "crash later" | "quit" | "block" | "tell"

const settle = Effect.gen(function*() {
  for (let i = 0; i < 30; i++) yield* Effect.yieldNow
})

describe("a tree of supervisors", () => {
  it.effect.prop(
    "comes to rest after any interleaving, with every child running or ended and every message accounted for",
    { tree, commands },
    ({ commands, tree }) =>
      Effect.gen(function*() {
        const starting = new Map<string, "fail" | "slow">()
        let open = 0
        const behaviour = (name: string): Behaviour<Message, "no", Scope.Scope> =>
          Effect.suspend(() => {
            const how = starting.get(name)
            if (how === "fail") return Effect.fail("no" as const)
            const acquired = Effect.acquireRelease(Effect.sync(() => open++), () => Effect.sync(() => open--))
            return Effect.andThen(how === "slow" ? Effect.sleep("1 second") : Effect.void, acquired)
          }).pipe(Effect.as((message, context) => {
            switch (message) {
              case "crash":
                return Exit.die("boom")
              case "crash later":
                return Effect.andThen(Effect.sleep("300 millis"), Effect.die("boom"))
              case "quit":
                return context.stop()
              case "block":
                return Effect.never
              case "tell":
            }
          }))
        const child = (id: string) =>
          ChildSpec.make({
            id,
            behaviour: behaviour(id),
            restart: tree.restart,
            backoff: { base: tree.delay, factor: 1, cap: tree.delay },
            shutdown: "1 second",
            startTimeout: "2 seconds"
          })
        const inner = (id: string, ids: ReadonlyArray<string>) =>
          Supervisor.make({
            id,
            strategy: tree.inner,
            intensity: { restarts: tree.restarts, within: "3 seconds" },
            restart: tree.restart,
            backoff: { base: tree.delay, factor: 1, cap: tree.delay },
            children: ids.map(child)
          })
        const unbalanced: Array<Accounting.Accounting> = []
        let accounting: Effect.Effect<Accounting.Accounting> | undefined
        yield* Effect.gen(function*() {
          const system = yield* ActorSystem.ActorSystem
          const scope = yield* Scope.make()
          const root = yield* Scope.provide(
            Supervisor.start(Supervisor.make({
              id: "root",
              strategy: tree.outer,
              intensity: { restarts: 1000, within: "3 seconds" },
              children: [child("a"), inner("below", ["b", "c"]), inner("beside", ["d", "e"]), child("f")]
            })),
            scope
          )
          accounting = system.accounting
          const controlOf = (name: string) => {
            const above = name === "b" || name === "c" ? "below" : name === "d" || name === "e" ? "beside" : undefined
            return above === undefined
              ? root
              : Option.getOrElse(Option.flatMap(root.ref(above), Supervisor.of), () => root)
          }
          for (const { command, name } of commands) {
            const control = controlOf(name)
            const ref = Option.getOrUndefined(control.ref(name))
            const run = (effect: Effect.Effect<unknown, unknown>) =>
              Effect.forkChild(Effect.exit(effect), { startImmediately: true })
            switch (command) {
              case "fail starts":
                starting.set(name, "fail")
                break
              case "slow starts":
                starting.set(name, "slow")
                break
              case "mend starts":
                starting.delete(name)
                break
              case "stop child":
                yield* run(control.stopChild(name))
                break
              case "restart child":
                yield* run(control.restartChild(name))
                break
              case "delete child":
                yield* run(control.deleteChild(name))
                break
              case "start child":
                yield* run(control.startChild(child(name)))
                break
              case "stop":
                if (ref !== undefined) yield* run(system.stop(ref))
                break
              case "kill":
                if (ref !== undefined) yield* run(system.kill(ref))
                break
              case "clock":
                yield* TestClock.adjust("500 millis")
                break
              case "settle":
                yield* settle
                break
              default:
                ;(ref as ActorRef<Message> | undefined)?.tell(command)
            }
          }
          starting.clear()
          for (let i = 0; i < 30; i++) yield* TestClock.adjust("1 second")
          const controls = [
            root,
            ...["below", "beside"].flatMap((id) => Option.toArray(Option.flatMap(root.ref(id), Supervisor.of)))
          ]
          let running = 0
          for (const control of controls) {
            assert.include(["Running", "GaveUp", "Stopped"], control.status())
            for (const { id, kind, status } of yield* control.whichChildren) {
              assert.include(["Running", "Stopped", "Failed"], status, id)
              if (kind === "Worker" && status === "Running") running++
            }
          }
          assert.strictEqual(open, running)
          assert.deepStrictEqual(unbalanced, [])
          const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
          yield* TestClock.adjust("10 seconds")
          assert.isDefined(closing.pollUnsafe())
          assert.strictEqual(open, 0)
          for (const name of [...names, "below", "beside", "root"]) {
            assert.isTrue(Option.isNone(yield* system.lookup(name)), name)
          }
        }).pipe(
          Effect.provide(ActorSystem.layerTest),
          Effect.provideService(ActorHooks, {
            onEvent: () => {
              if (accounting === undefined) return
              const accounts = Effect.runSync(accounting)
              if (!Accounting.isBalanced(accounts)) unbalanced.push(accounts)
            }
          }),
          Effect.scoped
        )
      }),
    { arbitrary: { runs: 300 } }
  )
})
