/**
 * Programs whose outcome is known whatever the order: each fails when
 * something is lost, doubled, out of order or left over.
 */
import type * as Simulation from "airssys/testing/Simulation"
import { lateness } from "./lateness.ts"
import { endings, families, senders } from "./lives.ts"
import { flooded, lossless } from "./mailboxes.ts"
import { payments } from "./payments.ts"
import { restarts, strategies } from "./supervision.ts"
import { subscribers } from "./topics.ts"
import { escalation, redelivery } from "./trees.ts"
import type { Program } from "./worker.ts"

interface Simulated {
  readonly program: Program
  readonly settings: Simulation.Settings
}

const reliable = (program: Program): Simulated => ({ program, settings: {} })

const faults: Simulation.Faults = { crash: 0.1, drop: 0.1, duplicate: 0.1, delay: 0.1, longestDelay: "300 millis" }

export const programs = {
  endings: reliable(endings),
  families: reliable(families),
  lateness: reliable(lateness),
  restarts: reliable(restarts(true)),
  senders: reliable(senders),
  crashes: { program: restarts(false), settings: { faults: { crash: 0.05 } } },
  blocked: reliable(flooded("Block")),
  dropsNewest: reliable(flooded("DropNewest")),
  dropsOldest: reliable(flooded("DropOldest")),
  fails: reliable(flooded("Fail")),
  lossless: reliable(lossless),
  oneForOne: reliable(strategies("OneForOne")),
  oneForAll: reliable(strategies("OneForAll")),
  restForOne: reliable(strategies("RestForOne")),
  escalation: reliable(escalation),
  redelivery: reliable(redelivery),
  subscribers: reliable(subscribers),
  payments: { program: payments(true), settings: { faults } },
  doublePayments: { program: payments(false), settings: { faults } }
}
