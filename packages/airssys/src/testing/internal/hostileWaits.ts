/** Guests that wait, and that have their host fail. */
import * as Effect from "effect/Effect"
import * as HostFunction from "../../component/HostFunction.ts"
import * as Capability from "../../security/Capability.ts"
import { run, type Spec, trap } from "./hostileText.ts"

const timers = "airssys:core/timers@0.1.0"
const victim = "test:victim/functions@1.0.0"

const requires = Capability.none("it is there to be attacked")
const signature = (name: string) => ({ wit: `${victim}#${name}`, params: {} })

/** Functions of a host program that throw, fail later, and never answer. */
export const functions: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.sync(signature("throw"), {
    requires,
    fuel: 100,
    handler: () => () => {
      throw new Error("this host function throws")
    }
  }),
  HostFunction.make(signature("reject"), {
    requires,
    fuel: 100,
    handler: () => Effect.andThen(Effect.yieldNow, Effect.die(new Error("this host function fails later")))
  }),
  HostFunction.make(signature("wait"), { requires, fuel: 100, handler: () => Effect.never })
]

const calling = (name: string): Pick<Spec, "core" | "imported" | "imports"> => ({
  imports: [victim],
  imported: `(import "${victim}" "${name}" (func $call))`,
  core: run("(call $call)")
})

export const specs: ReadonlyArray<Spec> = [
  {
    name: "sleeping-import",
    does: "has its host sleep for a minute",
    limits: { timeout: "50 ms" },
    grants: ["clock"],
    imports: [timers],
    imported: `(import "${timers}" "sleep" (func $sleep (param i32 i32)))`,
    core: run("(call $sleep (i32.const 60000) (i32.const 64))"),
    ending: { _tag: "Deadline" }
  },
  {
    name: "waiting-import",
    does: "calls a function of its host that never answers",
    limits: { timeout: "50 ms" },
    ...calling("wait"),
    ending: { _tag: "Deadline" }
  },
  {
    name: "throwing-import",
    does: "calls a function of its host that throws",
    ...calling("throw"),
    ending: trap("HostFailure")
  },
  {
    name: "rejecting-import",
    does: "calls a function of its host that fails later",
    ...calling("reject"),
    ending: trap("HostFailure")
  }
]
