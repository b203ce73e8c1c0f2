import * as Effect from "effect/Effect"
import type { Quotas } from "../../security/Quotas.ts"
import { isLive, type State } from "../ComponentLifecycle.ts"
import * as ComponentStatus from "../ComponentStatus.ts"
import type { Life } from "./lives.ts"

const mailboxOf = (life: Life): Effect.Effect<ComponentStatus.MailboxFill> =>
  Effect.map(
    Effect.forEach(life.members.values(), ({ ref, system }) => system.metrics(ref)),
    (metrics) => ({
      waiting: metrics.reduce((sum, { size }) => sum + size, 0),
      capacity: metrics.reduce((sum, { capacity }) => sum + capacity, 0)
    })
  )

/** An actor that works off what waits takes no more messages, before its life has gone on to that. */
const stateOf = (life: Life): State => {
  const members = [...life.members.values()]
  return members.length > 0 && members.every(({ ref }) => ref.status() === "Stopping") ? "Stopping" : life.state
}

/** The status of a component at this moment. */
export const make = Effect.fnUntraced(function*(life: Life, quotas: Quotas["Service"] | undefined) {
  const { release, working } = life
  const signs: ComponentStatus.Signs = {
    state: stateOf(life),
    instances: { running: life.running, expected: life.expected },
    report: life.report,
    working: working === undefined
      ? undefined
      : { export: working.export, forMillis: life.workedFor(working) },
    mailbox: yield* mailboxOf(life),
    restarts: life.restarts,
    leftBehind: life.leftBehind,
    quotas: quotas === undefined ? [] : yield* quotas.usage({ kind: "Component", id: release.id })
  }
  return {
    component: release.id,
    version: release.version,
    digest: release.digest,
    ...signs,
    ...ComponentStatus.judge(signs),
    end: isLive(life.state) ? undefined : life.ended,
    history: life.history
  } satisfies ComponentStatus.ComponentStatus
})
