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
      "return () => {\n    if (ask.isOver) return",
      "return () => {\n    return",
      "is told nothing once it took its request back"
    ],
    [
      "nothing is made of an answer that is waited for",
      "settled(answer, this.settle)",
      "answer as never",
      "ends as it says, of an"
    ],
    [
      "nothing is made of an answer that is there",
      "ask.answer === undefined ? answer as never : settled(answer, settle)",
      "answer as never",
      "ends as it says, of an"
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
