/**
 * Runs components in front of an operator: installs, starts and calls them,
 * and reports what happened to each call, to the audit log and to every
 * message.
 *
 * @since 0.1.0
 */
import type { ActorEvent } from "airssys/actor/ActorEvent"
import { ActorSystem } from "airssys/actor/ActorSystem"
import type { ChildOptions } from "airssys/component/Component"
import type { ComponentError } from "airssys/component/ComponentError"
import * as ComponentHost from "airssys/component/ComponentHost"
import * as Receipt from "airssys/component/Receipt"
import type { InstallRefused } from "airssys/component/Release"
import type { ReleaseSource } from "airssys/component/ReleaseSource"
import type { AuditError, ChainBroken } from "airssys/security/AuditError"
import * as AuditLog from "airssys/security/AuditLog"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import type * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as GuestBuild from "./GuestBuild.ts"
import { Report } from "./Report.ts"

/**
 * A component to be hosted: its folder and how.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plugin {
  readonly source: string
  readonly options: ChildOptions
}

/**
 * Builds what is not built yet, installs the plugins and reports them. Gives
 * what they would be run with, for `Report.started`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const install = Effect.fnUntraced(function*(
  plugins: ReadonlyArray<Plugin>
): Effect.fn.Return<
  ReadonlyArray<ComponentHost.Placement>,
  ComponentHost.InstallError | GuestBuild.GuestBuildError | InstallRefused,
  ComponentHost.ComponentHost | Path.Path | ReleaseSource | Report
> {
  const host = yield* ComponentHost.ComponentHost
  const report = yield* Report
  for (const plugin of plugins) {
    const started = yield* Clock.currentTimeMillis
    const { component, result } = yield* GuestBuild.build(plugin.source)
    if (!result.cached) {
      yield* report.emit({ event: "build", component, millis: (yield* Clock.currentTimeMillis) - started })
    }
  }
  const placements = yield* Effect.forEach(
    plugins,
    (plugin) => Effect.flatMap(host.install(plugin.source), (release) => host.place(release, plugin.options))
  )
  yield* report.emit({ event: "install", releases: placements.map((placement) => placement.release) })
  return placements
})

/**
 * Performs a call and reports its outcome: the answer and its receipt, denials
 * with what would allow them, a deadline, or a crash and the restart. With
 * `meanwhile`, another component is called until this call ends.
 *
 * @category combinators
 * @since 0.1.0
 */
export const call = Effect.fnUntraced(function*<A, E, E2 = never>(
  label: string,
  effect: Effect.Effect<A, E | ComponentError>,
  meanwhile?: { readonly component: string; readonly call: Effect.Effect<unknown, E2> }
): Effect.fn.Return<void, E2, ActorSystem | ComponentHost.ComponentHost | Report> {
  const host = yield* ComponentHost.ComponentHost
  const report = yield* Report
  const system = yield* ActorSystem
  const before = (yield* host.denials)[0]
  const restarts = yield* Effect.forkChild(
    Stream.runHead(Stream.filter(system.events, isRestarted)),
    { startImmediately: true }
  )
  const started = yield* Clock.currentTimeMillis
  const calling = yield* Effect.forkChild(Effect.exit(Receipt.collect(effect)), { startImmediately: true })
  const others = meanwhile === undefined ? undefined : yield* until(calling, meanwhile.call)
  const exit = yield* Fiber.join(calling)
  const millis = (yield* Clock.currentTimeMillis) - started

  const denials = yield* host.denials
  const known = before === undefined ? denials.length : denials.indexOf(before)
  for (const denial of denials.slice(0, known).toReversed()) {
    yield* report.emit({ event: "denied", explanation: denial.explanation, entry: denial.entry })
  }
  if (Exit.isSuccess(exit)) {
    const [value, receipts] = exit.value
    yield* report.emit({ event: "answer", call: label, value, receipt: receipts[0] })
  } else yield* failed(label, exit.cause, millis, restarts)
  if (meanwhile !== undefined && others !== undefined) {
    yield* report.emit({ event: "meanwhile", component: meanwhile.component, ...others })
  }
  yield* Fiber.interrupt(restarts)
})

const isRestarted = (event: ActorEvent): event is Extract<ActorEvent, { readonly _tag: "Restarted" }> =>
  event._tag === "Restarted"

const isComponentError = (error: unknown): error is ComponentError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "ComponentError"

const failed = Effect.fnUntraced(function*(
  label: string,
  cause: Cause.Cause<unknown>,
  millis: number,
  restarts: Fiber.Fiber<Option.Option<Extract<ActorEvent, { readonly _tag: "Restarted" }>>>
) {
  const report = yield* Report
  const failure = Cause.findErrorOption(cause)
  if (Option.isNone(failure) || !isComponentError(failure.value)) {
    const error = Option.isSome(failure) ? failure.value : Cause.squash(cause)
    yield* report.emit({
      event: "failure",
      call: label,
      error: error instanceof Error ? error.message : String(error)
    })
    return
  }
  const { component, detail, export: name, reason } = failure.value
  switch (reason._tag) {
    case "DeadlineExceeded":
      yield* report.emit({ event: "deadline", component, export: name, millis, limit: reason.limitMillis })
      break
    case "Trap":
      yield* report.emit({ event: "crash", component, category: reason.category, export: name })
      break
    default:
      yield* report.emit({ event: "failure", call: label, error: detail })
      return
  }
  const restarted = yield* Fiber.join(restarts)
  if (Option.isSome(restarted)) {
    const { afterMillis, attempt, max } = restarted.value
    yield* report.emit({ event: "restart", component, attempt, max, millis: Math.round(afterMillis) })
  }
})

/** A caller of a server would have to wait for its turn of the thread as well: it is in the time. */
const until = Effect.fnUntraced(function*<E>(
  fiber: Fiber.Fiber<unknown>,
  call: Effect.Effect<unknown, E>
) {
  let calls = 0
  let longest = 0
  while (fiber.pollUnsafe() === undefined) {
    const started = yield* Clock.currentTimeNanos
    yield* Effect.yieldNow
    yield* call
    calls++
    longest = Math.max(longest, Number((yield* Clock.currentTimeNanos) - started) / 1e6)
  }
  return { calls, longest }
})

/**
 * Verifies the audit log, and that a copy of it with one byte changed does not
 * verify.
 *
 * @category combinators
 * @since 0.1.0
 */
export const audit: Effect.Effect<
  void,
  AuditError | ChainBroken | TamperUnnoticed,
  AuditLog.AuditLog | Digest.Digest | Report
> = Effect.gen(function*() {
  const report = yield* Report
  const log = yield* AuditLog.AuditLog
  const verified = yield* log.verify
  const lines = (yield* log.text).split("\n")
  const middle = Math.floor(lines.length / 2)
  const at = (lines[middle] ?? "").indexOf("\"principal\"") + 3
  const changed = lines.map((line, index) => index === middle ? `${line.slice(0, at)}X${line.slice(at + 1)}` : line)
  const broken = yield* Effect.flip(AuditLog.verifyText(changed.join("\n"))).pipe(
    Effect.mapError(() => new TamperUnnoticed())
  )
  yield* report.emit({ event: "audit", entries: verified.entries, tampered: broken.at })
})

/**
 * A changed copy of the audit log verified, which must not be.
 *
 * @category errors
 * @since 0.1.0
 */
export class TamperUnnoticed extends Error {
  readonly _tag = "TamperUnnoticed"
  override readonly message = "a changed copy of the audit log verifies"
}

/**
 * Runs a program with hosted components, then stops them and reports where
 * every message ended.
 *
 * @category combinators
 * @since 0.1.0
 */
export const run = Effect.fnUntraced(function*<S, LE, LR, A, E, R>(
  components: Layer.Layer<S, LE, LR>,
  program: Effect.Effect<A, E, R>
): Effect.fn.Return<A, LE | E, LR | Exclude<R, S> | ActorSystem | Report> {
  const report = yield* Report
  const system = yield* ActorSystem

  const stop = Effect.fnUntraced(function*(scope: Scope.Closeable, exit: Exit.Exit<unknown, unknown>) {
    const started = yield* Clock.currentTimeMillis
    yield* Scope.close(scope, exit)
    const millis = (yield* Clock.currentTimeMillis) - started
    const { discarded, failed, handled, offered, rejected } = yield* system.accounting
    const bad = failed + discarded + rejected
    yield* report.emit({ event: "stop", millis, sent: offered, handled, failed: bad, lost: offered - handled - bad })
  })

  return yield* Effect.acquireUseRelease(
    Scope.make(),
    (scope) =>
      Effect.flatMap(
        Layer.buildWithScope(components, scope),
        (services: Context.Context<S>) => Effect.provide(program, services)
      ),
    stop
  )
})
