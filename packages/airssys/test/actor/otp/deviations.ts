/**
 * Where our supervisors differ from OTP's on purpose, and why.
 *
 * `scenarios` are patterns of names. What is expected there is OTP's trace of
 * the same scenario, or of the one that `like` makes of its name, with `lines`
 * replaced; `ofThoseAlive` limits that to children that are there at the end.
 * `exits` says how children are shut down and killed: `Outside`, through the
 * system, or `Inside`, by an interruption of what they do.
 */
export interface Deviation {
  readonly name: string
  readonly reason: string
  readonly scenarios: RegExp
  readonly exits?: "Outside"
  readonly like?: readonly [pattern: RegExp, name: string]
  readonly lines?: readonly [pattern: RegExp, line: string]
  readonly ofThoseAlive?: true
}

export const deviations: ReadonlyArray<Deviation> = [
  {
    name: "a stop or a kill from outside is final",
    reason:
      "Who stops an actor by its ref means it, as with supervisor:terminate_child; there is no process identifier " +
      "that would be somebody else's after a restart. The child keeps its place and can be restarted by its id.",
    exits: "Outside",
    scenarios: /^(dynamic )?((permanent|transient) killed|permanent shutdown)\b/,
    like: [/\b(permanent|transient)\b/, "temporary"]
  },
  {
    name: "a stop or a kill from outside does not end the supervisor",
    reason:
      "An automatic shutdown follows from the end a significant child comes to by itself. A stop from outside is " +
      "an operator's, as with supervisor:terminate_child.",
    exits: "Outside",
    scenarios: /^(any_significant (transient|temporary) (shutdown|killed)|all_significant transient killed)$/,
    like: [/^\w+ \w+/, "all_significant temporary"]
  },
  {
    name: "messages that wait outlive a restart",
    reason: "A restart keeps the ref and its mailbox. Who sent the message did nothing to cause the crash, and may " +
      "have no other way. Only the message that crashed the actor is not delivered again.",
    scenarios: / waiting$/,
    lines: [/^waiting (\w+): lost$/, "waiting $1: handled"],
    ofThoseAlive: true
  },
  {
    name: "a watcher is told of the final end, not of a restart",
    reason: "The ref that is watched stays valid over restarts, so nothing has ended. Restarts are events.",
    scenarios: / watcher$/,
    lines: [/^watcher (\w+): told$/, "watcher $1: silent"],
    ofThoseAlive: true
  },
  {
    name: "an idle child is not killed",
    reason:
      "A brutal stop cuts short what runs. Where nothing runs and nothing waits, the actor ends in order, and its " +
      "finalizers run, as they do at a kill.",
    scenarios: /^kills at once$/,
    lines: [/^end (\w+) killed$/, "end $1 shutdown"]
  },
  {
    name: "a brutal stop from outside cuts a busy child short",
    reason: "The shutdown time of a child says how it is stopped, whoever stops it. OTP's child ended by itself with " +
      "the reason shutdown.",
    exits: "Outside",
    scenarios: / shutdown \w+ waiting$/,
    lines: [/^end (b) shutdown$/, "end $1 killed"]
  },
  {
    name: "what waits for a restart is taken over by a crash before it",
    reason: "OTP first restarts the rest, then stops it again for the crash of an earlier child. Here that crash is " +
      "known while the rest is still being stopped: all are restarted once, and both crashes count.",
    scenarios: /^linked to a, abnormal rest_for_one$/,
    like: [/rest_for_one/, "one_for_all"],
    lines: [/^(restarts:) 1$/, "$1 2"]
  },
  {
    name: "a child that is being restarted runs, for who would start another one",
    reason: "It has a ref that stays valid, and waiting messages. OTP's has no process at that moment.",
    scenarios: /^a child that is restarted without end$/,
    lines: [/^(start b): exists and has ended$/, "$1: exists and runs"]
  }
]
