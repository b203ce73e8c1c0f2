import type { Status, Transition } from "../ActorRef.ts"
import { statusMask, statusShift } from "./flags.ts"

const statuses: ReadonlyArray<Status> = ["Starting", "Running", "Restarting", "Stopping", "Stopped", "Failed"]

type Steps = { readonly [From in Status]: ReadonlyArray<Extract<Transition, { readonly from: From }>["to"]> }

const steps: Steps = {
  Starting: ["Running", "Restarting", "Stopping"],
  Running: ["Restarting", "Stopping"],
  Restarting: ["Running", "Restarting", "Stopping"],
  Stopping: ["Stopping", "Stopped", "Failed"],
  Stopped: [],
  Failed: []
}

/** The status in a cell's flags. */
export const statusOf = (flags: number): Status => statuses[(flags & statusMask) >> statusShift]!

/** Whether that is one of the last two. */
export const isFinal = (flags: number): boolean => (flags & statusMask) >> statusShift >= 4

export const isStep = (from: Status, to: Status): boolean => {
  const next: ReadonlyArray<Status> = steps[from]
  return next.includes(to)
}

export const withStatus = (flags: number, status: Status): number =>
  (flags & ~statusMask) | (statuses.indexOf(status) << statusShift)
