import { type Mutant, of } from "../../../../scripts/lib/mutants.ts"

const hooks = "component/hooks.test.ts"
const pace = "component/pace.test.ts"
const shutdown = "RuntimeShutdown.test.ts"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("component/internal/lifecycle.ts", hooks, [
    ["the host never ends for a guest", "[reason()]", "[\"stopped\"]", "tell a guest that the host ends"],
    [
      "nobody learns of a shutdown that fails",
      "Effect.sync(() => failed(failure))",
      "Effect.void",
      "stop a component whose"
    ],
    ["a shutdown may refuse", "result.tag === \"ok\" ? Effect.void", "true ? Effect.void", "what its shutdown refused"]
  ]),
  ...of("component/internal/lives.ts", hooks, [
    ["a kill is an end in order", "if (isKilled) return", "if (false) return", "say that a component was killed"],
    [
      "the first instance speaks for all",
      "this.ended === undefined ? end : worst(this.ended, end)",
      "end",
      "say that a component was killed"
    ],
    [
      "an end outlives the next start",
      "if (life.members.size === 0) life.ended = undefined",
      "",
      "what its shutdown refused"
    ]
  ]),
  ...of("component/internal/instances.ts", pace, [
    [
      "an instance that is gone is followed on",
      "Effect.sync(() => pace.leave())",
      "Effect.void",
      "nothing holds that then"
    ]
  ]),
  ...of("component/internal/metering.ts", "component/accounts.test.ts", [
    [
      "who sends what reaches no guest uses up its fuel",
      "receipt === undefined && outcome === \"Handled\" ? 0 : receipt?.fuel",
      "receipt?.fuel",
      "does not reach the guest"
    ]
  ]),
  ...of("component/internal/inlineInstance.ts", "component/ComponentEngine.test.ts", [
    [
      "who keeps the thread costs others their instances",
      "isWhole ? \"Idle\" : \"Lost\"",
      "\"Lost\"",
      "over before it had a turn"
    ]
  ]),
  ...of("component/internal/lifecycle.ts", shutdown, [
    [
      "a guest keeps its host from closing",
      "Effect.raceFirst(Effect.ignore(end), isCut)",
      "Effect.ignore(end)",
      "told of its end"
    ]
  ]),
  ...of("component/internal/lives.ts", shutdown, [
    [
      "a guest that was abandoned goes on",
      "if (event._tag === \"Abandoned\" && event.part === \"Finalizers\") cut(member)",
      "",
      "ends what a component does that is told of its end"
    ]
  ]),
  ...of("component/internal/lives.ts", shutdown, [
    ["a bound is an end in order", "if (isKilled) return", "if (false) return", "says of each component how it ended"],
    [
      "a guest that is cut short has ended in order",
      "for (const member of members.values()) cut(member)",
      "",
      "told of its end"
    ]
  ]),
  ...of("component/internal/serving.ts", "component/wasi.test.ts", [
    [
      "nobody learns of WASI that an instance was not made for",
      "if (recorded.decision._tag === \"Denied\") tellOfGrant",
      "if (false) tellOfGrant",
      "which its host is told of once"
    ]
  ]),
  ...of("component/internal/pace.ts", pace, [
    [
      "the end of a call is not seen",
      "if (!this.#isTold) return this.#paces.remove(this)",
      "if (!this.#isTold) return",
      "is none of many"
    ],
    ["every call takes long", "(pace) => pace.due <= now)", "(pace) => pace.due > 0)", "is none of many"],
    ["a call began before it did", "pace.since = this.#clock.currentTimeMillisUnsafe()", "", "nothing to do for long"],
    [
      "one that is due earlier wakes nobody",
      "if (pace.due < this.#next)",
      "if (this.#next === Infinity)",
      "by its own time"
    ],
    ["it never goes on", "if (!isLost) this.#told(undefined)", "", "makes its component degraded"]
  ]),
  ...of("component/internal/pace.ts", hooks, [
    ["what is lost goes on", "if (!isLost) this", "this", "is seen from outside"]
  ]),
  ...of("component/internal/lives.ts", pace, [
    [
      "what takes long is well",
      "working === undefined && !isBad(report)",
      "!isBad(report)",
      "makes its component degraded"
    ],
    ["the last message takes longest", "a.since - b.since", "b.since - a.since", "is judged by the time"]
  ]),
  ...of("Runtime.ts", shutdown, [
    [
      "each asks for an end of its own",
      "yield* Effect.cached(",
      "yield* Effect.succeed(",
      "says of each component how it ended"
    ],
    [
      "nothing is killed at the bound",
      "Effect.forEach(started.values(), ({ ref }) => system.kill(ref)",
      "Effect.forEach([] as Array<Entry>, ({ ref }) => system.kill(ref)",
      "kills at the bound"
    ]
  ])
]
