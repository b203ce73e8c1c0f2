import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Capability from "../../../security/Capability.ts"
import type { CapabilityError } from "../../../security/CapabilityError.ts"
import { MessagingPublish } from "../../../security/MessagingPublish.ts"
import { MessagingSend } from "../../../security/MessagingSend.ts"
import { MessagingSubscribe } from "../../../security/MessagingSubscribe.ts"
import * as Pattern from "../../../security/Pattern.ts"
import type { Undeliverable } from "../../../security/Undeliverable.ts"
import * as HostFunction from "../../HostFunction.ts"
import * as Wit from "../../Wit.ts"
import * as coreErrors from "../coreErrors.ts"
import { componentId, type Error, error, invalid, messageId, milliseconds, payload } from "./types.ts"

const messaging = "airssys:core/messaging@0.1.0"
const requests = "airssys:core/requests@0.1.0"
const subscriptions = "airssys:core/subscriptions@0.1.0"

type Failed = CapabilityError | Undeliverable

const told = (failure: Failed): CapabilityError | Error =>
  failure._tag === "Undeliverable" ? coreErrors.of(failure) : failure

interface To {
  readonly to: Wit.Value<typeof componentId>
}

const recipient = ({ to }: To): string => `${to.namespace}:${to.name}`

const checkRecipient = (input: To): Error | undefined =>
  Pattern.parseResource("messaging.send", recipient(input)) === undefined
    ? invalid("to: namespace and name are words of a-z and 0-9 joined by single dashes")
    : undefined

/** Beyond the longest wait of a request: its own time ends it. */
const deadline = 360_000

/** What an instance holds until it drops it or ends. */
class Held {
  readonly name: string
  readonly scope: Scope.Closeable

  constructor(name: string, scope: Scope.Closeable) {
    this.name = name
    this.scope = scope
  }
}

const held = <R>(
  name: (opened: string | void) => string,
  open: Effect.Effect<string | void, Failed, R | Scope.Scope>
) =>
  Effect.gen(function*() {
    const { scope } = yield* HostFunction.Caller
    const own = yield* Scope.fork(scope)
    const opened = yield* open.pipe(
      Effect.provideService(Scope.Scope, own),
      Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
    )
    return new Held(name(opened), own)
  }).pipe(Effect.mapError(told))

const own = Capability.none("it has the handle")

/** The method that gives its name, and what ends it. */
const resource = (owner: string, name: string, method: string): ReadonlyArray<HostFunction.HostFunction> => [
  HostFunction.sync({
    wit: `${owner}#[method]${name}.${method}`,
    params: { self: Wit.borrow<Held>(owner, name) },
    result: Wit.string
  }, { requires: own, fuel: 100, handler: () => ({ self }) => self.name }),
  HostFunction.sync({ wit: `${owner}#[resource-drop]${name}`, params: { self: Wit.own<Held>(owner, name) } }, {
    requires: own,
    fuel: 500,
    handler: () => ({ self }) => {
      Effect.runFork(Scope.close(self.scope, Exit.void))
    }
  })
]

export const functions: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.make({
    wit: `${messaging}#send`,
    params: { to: componentId, payload },
    result: Wit.result(messageId, error)
  }, {
    requires: [MessagingSend.on(recipient)],
    check: checkRecipient,
    fuel: 2_000,
    handler: ({ payload }) => Effect.mapError(MessagingSend.use((power) => power.send(payload)), told)
  }),
  HostFunction.make({
    wit: `${messaging}#request`,
    params: { to: componentId, payload, timeout: milliseconds },
    result: Wit.result(payload, error)
  }, {
    requires: [MessagingSend.on(recipient)],
    check: checkRecipient,
    fuel: 3_000,
    deadline,
    handler: ({ payload, timeout }) =>
      Effect.mapError(MessagingSend.use((power) => power.request(payload, timeout)), told),
    begin: ({ requestUnsafe }, { payload, timeout }) =>
      requestUnsafe &&
      ((context, end) =>
        requestUnsafe(payload, Math.min(timeout, deadline), context, (exit) => end(Exit.mapError(exit, told))))
  }),
  HostFunction.make({
    wit: `${messaging}#publish`,
    params: { topic: Wit.string, payload },
    result: Wit.result(undefined, error)
  }, {
    requires: [MessagingPublish.on(({ topic }) => topic)],
    check: ({ topic }) =>
      Pattern.parseResource("messaging.publish", topic) === undefined
        ? invalid("topic: labels of A-Z, a-z, 0-9, _ and - joined by dots")
        : undefined,
    fuel: 3_000,
    handler: ({ payload }) => Effect.mapError(MessagingPublish.use((power) => power.publish(payload)), told)
  }),
  HostFunction.make({
    wit: `${requests}#start`,
    params: { to: componentId, payload, timeout: milliseconds },
    result: Wit.result(Wit.own<Held>(requests, "pending"), error)
  }, {
    requires: [MessagingSend.on(recipient)],
    check: checkRecipient,
    fuel: 3_000,
    handler: ({ payload, timeout }) => held(String, MessagingSend.use((power) => power.post(payload, timeout)))
  }),
  ...resource(requests, "pending", "id"),
  HostFunction.make({
    wit: `${subscriptions}#subscribe`,
    params: { pattern: Wit.string },
    result: Wit.result(Wit.own<Held>(subscriptions, "subscription"), error)
  }, {
    requires: [MessagingSubscribe.on(({ pattern }) => pattern)],
    check: ({ pattern }) =>
      Pattern.parseResource("messaging.subscribe", pattern) === undefined
        ? invalid("pattern: labels joined by dots; * is one label, ** any number")
        : undefined,
    fuel: 3_000,
    handler: ({ pattern }) => held(() => pattern, MessagingSubscribe.use((power) => power.attach))
  }),
  ...resource(subscriptions, "subscription", "pattern")
]
