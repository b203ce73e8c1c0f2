import { type Mutant, of } from "../../../scripts/lib/mutants.ts"

const given = "arguments.test.ts"
const start = "name the option that a start refuses"
const anyMethod = "whichever method they are given to"
const actors = "actor/Protocol.test.ts"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("component/internal/componentOptions.ts", given, [
    [
      "a component is started with any restart",
      `Argument.oneOf("Permanent", "Transient", "Temporary")`,
      "readable",
      start
    ],
    ["a component is started with any tier", `Argument.oneOf("auto", "inline", "worker")`, "readable", start]
  ]),
  ...of("component/Argument.ts", given, [
    [
      "no number is a time",
      "if (typeof given !== \"object\") return !Number.isNaN(given)",
      "if (typeof given !== \"object\") return true",
      start
    ],
    [
      "what throws when it is read is thrown at the caller",
      "return isUnreadable",
      "throw new TypeError(\"unreadable\")",
      start
    ],
    [
      "an option of any name is taken",
      "if (meant === undefined) continue",
      "continue",
      "name an option that is misspelt"
    ]
  ]),
  ...of("internal/given.ts", given, [
    [
      "anything is a signal",
      "Argument.value(\"the signal of an AbortController\", isSignal)",
      "Argument.value(\"the signal of an AbortController\", () => true)",
      anyMethod
    ]
  ]),
  ...of("component/Exchange.ts", given, [
    [
      "an exchange has any limits",
      "maxWaiting: Argument.optional(Argument.whole(0))",
      "maxWaiting: () => undefined",
      "fail the layer, by their name"
    ]
  ]),
  ...of("component/internal/mailChecks.ts", given, [
    ["anything is a payload", "if (!isPayload(payload)) return", "if (false) return", "are counted as dropped"]
  ]),
  ...of("actor/internal/words.ts", actors, [
    [
      "any word is a strategy",
      "if (words.includes(given)) return given",
      "return given",
      "for a word that its type does not have"
    ]
  ])
]
