import * as Duration from "effect/Duration"
import type { Probe, Restart, Shutdown } from "../ChildSpec.ts"
import * as Mailbox from "../Mailbox.ts"
import { durationOf } from "./durations.ts"
import type { Probing } from "./probing.ts"
import { shown, wordOf } from "./words.ts"

export const shutdownOf = (shutdown: Shutdown): Duration.Duration =>
  shutdown === "Brutal" ? Duration.zero : durationOf("The time to shut down", shutdown)

const restarts: ReadonlyArray<Restart> = ["Permanent", "Transient", "Temporary"]

export const restartOf = (restart: Restart): Restart => wordOf("The restart of a child", restarts, restart)

/** What an actor is called in the system: what it is called by its supervisor, where nothing else is said. */
export const nameOf = (name: string | false | undefined, id: string | undefined): string | undefined =>
  name === undefined ? id : name === false ? undefined : name

export const checkOptions = (
  { mailbox, redeliver, shutdown, startTimeout, stash }: {
    readonly mailbox?: Mailbox.Mailbox | undefined
    readonly redeliver?: number | undefined
    readonly shutdown?: Shutdown | undefined
    readonly startTimeout?: Duration.Input | undefined
    readonly stash?: number | undefined
  }
): void => {
  if (mailbox !== undefined) Mailbox.check(mailbox)
  if (shutdown !== undefined) shutdownOf(shutdown)
  if (startTimeout !== undefined) durationOf("The time to start", startTimeout)
  if (redeliver !== undefined && !(Number.isInteger(redeliver) && redeliver >= 0)) {
    throw new RangeError(`A message is delivered again a whole number of times, not ${shown(redeliver)}`)
  }
  if (stash !== undefined && !(stash >= 0 && (Number.isInteger(stash) || stash === Infinity))) {
    throw new RangeError(`A stash holds a whole number of messages, not ${shown(stash)}`)
  }
}

/** A permanent child never ends by itself, so nothing can follow from it. */
export const checkSignificant = (id: string, restart: Restart, isSignificant: boolean): void => {
  if (isSignificant && restart === "Permanent") {
    throw new RangeError(`A permanent child cannot be significant: ${id}`)
  }
}

export const probingOf = <M, R>({ check, every, failures = 3, timeout }: Probe<M, R>): Probing => {
  if (!(Number.isInteger(failures) && failures >= 1)) {
    throw new RangeError(`A probe fails a whole number of times from 1, not ${shown(failures)}`)
  }
  return {
    check: check as Probing["check"],
    every: durationOf("The time between probes", every ?? "10 seconds"),
    timeout: durationOf("The timeout of a probe", timeout ?? "5 seconds"),
    failures
  }
}
