import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { CapabilityError } from "../CapabilityError.ts"
import type * as CapabilityKind from "../CapabilityKind.ts"
import type { Allowed, Decision, Denied, Recorded } from "../Decision.ts"
import type { Lease } from "../Powers.ts"
import { ActingFor, Correlation, type Principal } from "../Principal.ts"
import type { Hold, Holds } from "./holds.ts"

/** Who asks for what, on whose behalf. */
export interface Request {
  readonly principal: Principal
  readonly onBehalfOf: ReadonlyArray<Principal>
  readonly kind: CapabilityKind.CapabilityKind
  readonly resource: string
  /** Id of the message in whose course it is asked. */
  readonly correlation: string | undefined
}

type Check = (
  principal: Principal,
  kind: CapabilityKind.CapabilityKind,
  resource: string,
  onBehalfOf: ReadonlyArray<Principal>
) => Decision

export interface Options {
  readonly holds: Holds
  readonly check: Check
  /** Decides and records, and goes on with what was decided. */
  readonly decided: <A, E, R>(
    request: Request,
    then: (recorded: Recorded) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
  /** The same at once; denied where it would have to wait. */
  readonly decidedNow: (request: Request) => Recorded
  /** Records a decision and gives its entry. */
  readonly record: (request: Request, denied: Denied) => number | undefined
  /** Runs the closing of a handle, from now on and to its end. */
  readonly close: (effect: Effect.Effect<void>) => void
}

export const denied = (recorded: Recorded<Denied>): CapabilityError =>
  new CapabilityError({ reason: { _tag: "Denied", ...reasonOf(recorded) } })

/** What had begun is over. */
const ended = (recorded: Recorded<Denied>): CapabilityError =>
  new CapabilityError({
    reason: recorded.decision.explanation.reason === "Expired"
      ? { _tag: "Expired", ...reasonOf(recorded) }
      : { _tag: "Revoked", ...reasonOf(recorded) }
  })

const reasonOf = ({ decision, entry }: Recorded<Denied>) => ({
  explanation: decision.explanation,
  ...(entry === undefined ? undefined : { entry })
})

/** All for whom a power is used: those for whom it was required, and those for whom the fiber acts by now. */
const together = (
  required: ReadonlyArray<Principal>,
  current: ReadonlyArray<Principal>
): ReadonlyArray<Principal> => {
  if (current.length === 0 || current === required) return required
  const added = current.filter(({ id, kind }) => !required.some((other) => other.kind === kind && other.id === id))
  return added.length === 0 ? required : [...required, ...added]
}

const hold = ({ kind, onBehalfOf, principal, resource }: Request, isOpen: boolean, end: Hold["end"]): Hold => ({
  principals: [principal, ...onBehalfOf],
  kind,
  resource,
  isOpen,
  end
})

const isDone = <A, E, R>(effect: Effect.Effect<A, E, R>): boolean => Exit.isExit(effect)

/**
 * Makes the leases of an enforcer.
 *
 * An effect runs in a fiber of its own, beside one that waits for the end of
 * the hold. The second one starts when the first one has suspended, and decides
 * again before it waits: what completes at once pays for neither, and a
 * change that happens in between is seen.
 */
export const make =
  ({ check, close, decided, decidedNow, holds, record }: Options) => (request: Request, decision: Allowed): Lease => {
    const { kind, principal, resource } = request

    /** The request for a resource as it is now, by whoever makes it in a context. */
    const askedIn = (context: Context.Context<never>, resource: string): Request => ({
      principal,
      onBehalfOf: together(request.onBehalfOf, Context.get(context, ActingFor)),
      kind,
      resource,
      correlation: Context.get(context, Correlation) ?? request.correlation
    })

    const asking = <A, E, R>(
      resource: string,
      use: (asked: Request) => Effect.Effect<A, E, R>
    ): Effect.Effect<A, E, R> => Effect.withFiber(({ context }) => use(askedIn(context, resource)))

    const over = (asked: Request, decision: Denied): Effect.Effect<never, CapabilityError> =>
      Effect.suspend(() => Effect.fail(ended({ decision, entry: record(asked, decision) })))

    const untilOver = (asked: Request): Effect.Effect<never, CapabilityError> =>
      Effect.callback((resume) => {
        const waiting = hold(asked, false, (denied) => resume(over(asked, denied)))
        const already = holds.add(waiting)
        if (already !== undefined) return resume(over(asked, already))
        return Effect.sync(() => holds.remove(waiting))
      })

    const useOn = <A, E, R>(resource: string, effect: Effect.Effect<A, E, R>) =>
      asking(resource, (asked) =>
        decided(asked, ({ decision, entry }): Effect.Effect<A, E | CapabilityError, R> => {
          if (decision._tag === "Denied") return Effect.fail(denied({ decision, entry }))
          return isDone(effect) ? effect : Effect.raceFirst(effect, untilOver(asked))
        }))

    const useUnsafe: Lease["useUnsafe"] = (context, work, end) => {
      const asked = askedIn(context, resource)
      const { decision, entry } = decidedNow(asked)
      if (decision._tag === "Denied") {
        end(Exit.fail(denied({ decision, entry })))
        return () => {}
      }
      let isDone = false
      let error: CapabilityError | undefined
      const waiting = hold(asked, false, (denied) => {
        error = ended({ decision: denied, entry: record(asked, denied) })
        stop()
      })
      const stop = work((exit) => {
        isDone = true
        holds.remove(waiting)
        end(error === undefined ? exit : Exit.fail(error))
      })
      const already = isDone ? undefined : holds.add(waiting)
      if (already !== undefined) waiting.end(already)
      return stop
    }

    /** Registers before the caller sees the handle; closes what was acquired where that is too late. */
    const keep = <A>(resource: string, handle: Scope.Closeable, value: A): Effect.Effect<A, CapabilityError> =>
      asking(resource, (asked) => {
        const open = hold(
          asked,
          true,
          (denied) => close(Scope.close(handle, Exit.fail(ended({ decision: denied, entry: undefined }))))
        )
        const already = holds.add(open)
        return already === undefined
          ? Effect.as(Scope.addFinalizer(handle, Effect.sync(() => holds.remove(open))), value)
          : over(asked, already)
      })

    const openOn: Lease["openOn"] = (resource, acquire) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Effect.scope, (scope) => {
          const handle = Scope.forkUnsafe(scope)
          return restore(useOn(resource, Scope.provide(acquire, handle))).pipe(
            Effect.flatMap((value) => keep(resource, handle, value)),
            Effect.onError((cause) => Scope.close(handle, Exit.failCause(cause)))
          )
        })
      )

    return {
      ...request,
      decision,
      use: (effect) => useOn(resource, effect),
      useOn,
      useUnsafe,
      open: (acquire) => openOn(resource, acquire),
      openOn,
      allows: asking(
        resource,
        ({ onBehalfOf }) =>
          Effect.succeed((resource: string) => check(principal, kind, resource, onBehalfOf)._tag === "Allowed")
      )
    }
  }
