import { type Mutant, of } from "../../../../scripts/lib/mutants.ts"

const hooks = "actor/monitoring.test.ts"
const idle = "see a request to an idle actor once"
const pending = "actor/Pending.test.ts"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("actor/internal/gate.ts", hooks, [
    ["a request is put to the hook twice", "this.seen = ask", "", idle],
    ["a request goes before what the hook sent", "isGood && cell.isAtHand", "isGood", idle]
  ]),
  ...of("actor/internal/asking.ts", pending, [
    [
      "a request that was taken back is answered",
      "    ask.cancel()\n    abandon(cell, request, ask, blocked)",
      "",
      "is told nothing once it took its request back"
    ],
    [
      "no alarm rings",
      "if (alarm !== undefined) ask.alarm",
      "if (alarm === null) ask.alarm",
      "is told the answer, also after its alarm"
    ]
  ]),
  ...of("actor/internal/asking.ts", "component/messagingGuests.test.ts", [
    [
      "who asks without a fiber has no span",
      "cell.system.spans === undefined ? undefined : spanIn(context)",
      "undefined",
      "goes with a message"
    ]
  ])
]
