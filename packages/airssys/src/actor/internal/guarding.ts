import * as Cause from "effect/Cause"
import type { ActorExit, Guardian, Verdict } from "../Guardian.ts"
import type { Cell } from "./cell.ts"
import { closed } from "./flags.ts"

/** What follows the end of a life. A stop or a kill is not put to the guardian. */
export const decide = (cell: Cell, exit: ActorExit): Verdict => {
  if (cell.guardian === undefined || (cell.flags & closed) !== 0) return { _tag: "End" }
  try {
    return cell.guardian.decide(exit, cell, cell.monotonicMillis)
  } catch (defect) {
    cell.system.reports.log(cell, `The guardian of ${cell.name} failed; the actor ends`, Cause.die(defect))
    return { _tag: "End" }
  }
}

export const inform = (cell: Cell, how: (guardian: Guardian) => void): void => {
  if (cell.guardian === undefined) return
  try {
    how(cell.guardian)
  } catch (defect) {
    cell.system.reports.log(cell, `The guardian of ${cell.name} failed`, Cause.die(defect))
  }
}
