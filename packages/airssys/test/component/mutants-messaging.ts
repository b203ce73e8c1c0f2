import { type Mutant, of } from "../../../../scripts/lib/mutants.ts"

const guests = "component/messagingGuests.test.ts"
const exchange = "component/Messaging.test.ts"
const functions = "component/HostFunction.test.ts"
const late = "time out, and a reply that comes later"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("component/internal/mail.ts", guests, [
    ["a request waits for ever", "alarm: waiter && { after: ttlMillis, ring: () => waiter.onLate() },", "", late],
    ["a late reply is not counted", "waiter?.isAbandoned === true && ", "false && ", late],
    [
      "a quota of the recipient is its failure",
      "  QuotaExceeded: \"Busy\"",
      "",
      "where a quota of the recipient is used up"
    ],
    ["a reply reaches nobody", "waiter?.onExit(exit)", "", "requests come back with the reply"]
  ]),
  ...of("component/internal/mail.ts", exchange, [
    ["what is on its way when the host ends has no fate", "this.#settle(posted, Exit.interrupt())", "", "when it ends"],
    ["it takes messages after its end", "this.#isClosed = true", "", "takes nothing any more when it has ended"]
  ]),
  ...of("component/internal/exchanging.ts", exchange, [
    [
      "a message is taken after the end",
      "return this.#mail.closed(to) ?? mailChecks",
      "return mailChecks",
      "takes nothing any more when it has ended"
    ],
    [
      "a subscription is taken after the end",
      "if (closed !== undefined) return Effect.fail(closed)",
      "",
      "takes nothing any more when it has ended"
    ],
    [
      "who listens is not told of the end",
      "for (const backlog of this.#backlogs) backlog.close()",
      "",
      "takes nothing any more when it has ended"
    ]
  ]),
  ...of("component/internal/exchanging.ts", guests, [
    [
      "who had its reply still waits",
      "done()\n        end(exit)",
      "end(exit)",
      "are refused where the recipient waits for the sender"
    ],
    [
      "who sent what cannot be read still waits",
      "unsent()\n      this.#fates.sent++",
      "this.#fates.sent++",
      "leave nothing behind where they cannot be read"
    ],
    [
      "who sent what is refused still waits",
      "if (!isSent) unsent()",
      "",
      "leave nothing behind where they cannot be read"
    ],
    [
      "a cycle is no reason",
      "this.#waitings.doesReach(to, sender.id)",
      "false",
      "are refused where the recipient waits"
    ]
  ]),
  ...of("component/internal/inlineInstance.ts", guests, [
    [
      "a call too many for the engine is a bug",
      "return this.#error(target, { _tag: \"Busy\" }, message)",
      "return Exit.die(message)",
      "where the engine has as many calls as it may"
    ]
  ]),
  ...of("component/internal/awaiting.ts", guests, [
    ["who went away is not known", "this.isAbandoned = true", "", late]
  ]),
  ...of("component/internal/hostCalls.ts", functions, [
    [
      "what waits goes on after its call",
      "for (const interrupt of this.#waiting) interrupt()",
      "",
      "is begun without a fiber where it can be"
    ]
  ]),
  ...of("component/internal/servedEffect.ts", functions, [
    [
      "what is begun needs no capability",
      "if (power !== undefined && Result.isFailure(power)) return refused(serving, power.failure)",
      "",
      "is begun without a fiber where it can be"
    ]
  ]),
  ...of("component/internal/servedEffect.ts", guests, [
    [
      "a call is for whom the last one was",
      "last.base === base && last.delivery === delivery",
      "last.base === base",
      "are held to the quotas of their sender and of the tenant"
    ]
  ])
]
