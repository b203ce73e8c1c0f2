/** Guests that attack where they start or end. */
import { forever, run, type Spec } from "./hostileText.ts"

const healthId = "airssys:core/health@0.1.0"

/** What it does when its health is checked. */
const checked = (body: string) => ({
  world: `export ${healthId};`,
  core: `(func (export "${healthId}#check") (result i32) ${body}) ${run("")}`
})

const id = "airssys:core/lifecycle@0.1.0"

/** What it does in `init` and in `shutdown`; both give a pointer to a result, which is `ok` at 0. */
const living = (init: string, shutdown: string) => ({
  world: `export ${id};`,
  core: `(func (export "${id}#init") (param i32 i32 i64 i32 i64 i32 i32) (result i32) ${init})
    (func (export "${id}#shutdown") (param i32) (result i32) ${shutdown})
    ${run("")}`
})

const ok = "(i32.const 0)"

export const specs: ReadonlyArray<Spec> = [
  {
    name: "health-loop",
    does: "never says how it is",
    ...checked(`${forever("")} (i32.const 0)`),
    ending: { _tag: "Unhealthy", because: "Trap OutOfFuel" }
  },
  {
    name: "health-loop-unmetered",
    does: "never says how it is, with nothing but a limit of time",
    limits: { fuel: null, timeout: "50 ms" },
    ...checked(`${forever("")} (i32.const 0)`),
    ending: { _tag: "Unhealthy", because: "DeadlineExceeded" }
  },
  {
    name: "health-trap",
    does: "traps when it is asked how it is",
    ...checked("unreachable"),
    ending: { _tag: "Unhealthy", because: "Trap Unreachable" }
  },
  {
    name: "start-loop",
    does: "never returns from its start function",
    core: `(func $ever ${forever("")}) (start $ever) ${run("")}`,
    ending: { _tag: "NotStarted", error: "InstantiateError", reason: "StartFailed" }
  },
  {
    name: "start-trap",
    does: "traps in its start function",
    core: `(func $dig unreachable) (start $dig) ${run("")}`,
    ending: { _tag: "NotStarted", error: "InstantiateError", reason: "StartFailed" }
  },
  {
    name: "large-memory",
    does: "wants more memory at its start than it may have",
    pages: 17,
    core: run(""),
    ending: { _tag: "NotStarted", error: "InstantiateError", reason: "MemoryLimit" }
  },
  {
    name: "init-loop",
    does: "never returns from init",
    ...living(`${forever("")} (i32.const 0)`, ok),
    ending: { _tag: "NotStarted", error: "ComponentError", reason: "Trap" }
  },
  {
    name: "init-error",
    does: "fails in init, with a long text that has lines of its own",
    pages: 4,
    ...living(
      `(memory.fill (i32.const 64) (i32.const 10) (i32.const 131072))
      (i32.store (i32.const 0) (i32.const 1)) (i32.store (i32.const 4) (i32.const 6))
      (i32.store (i32.const 8) (i32.const 64)) (i32.store (i32.const 12) (i32.const 131072)) (i32.const 0)`,
      ok
    ),
    ending: { _tag: "NotStarted", error: "InstantiateError", reason: "StartFailed" }
  },
  {
    name: "shutdown-loop",
    does: "never returns from shutdown",
    ...living(ok, `${forever("")} (i32.const 0)`),
    ending: { _tag: "Stopped" }
  },
  {
    name: "shutdown-loop-unmetered",
    does: "never returns from shutdown, with nothing but a limit of time",
    limits: { fuel: null, timeout: "50 ms" },
    ...living(ok, `${forever("")} (i32.const 0)`),
    ending: { _tag: "Stopped" }
  },
  {
    name: "shutdown-trap",
    does: "traps in shutdown",
    ...living(ok, "unreachable"),
    ending: { _tag: "Stopped" }
  }
]
