import { type Mutant, of } from "../../../../scripts/lib/mutants.ts"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("security/internal/auditRetention.ts", "security/TrustStore.test.ts", [
    [
      "auditRetention: what holds is given up",
      "appendAll([...events, cut])",
      "appendAll([cut])",
      "still knows the state that was stored last, and refuses an older one"
    ]
  ]),
  ...of("security/internal/trustJournal.ts", "security/TrustStore.test.ts", [
    [
      "trustJournal: no trailer check",
      "if (digest !== `sha256:${parts[2]}`) return",
      "if (parts[2] === \"-\") return",
      "does not start on a state that is gone, cut, empty or changed, and says what to do"
    ],
    [
      "trustJournal: anchor by number",
      "if (current?.digest === anchor.state) return current",
      "if (current?.state.generation === anchor.generation) return current",
      "does not start on a state of the same number that another host wrote"
    ],
    [
      "trustJournal: staged counts without the log",
      "if (staged?.digest === anchor.state) {",
      "if (staged !== undefined) {",
      "does not start on an older state that was put back"
    ],
    [
      "trustJournal: staged never counts",
      "if (staged?.digest === anchor.state) {",
      "if (staged === null) {",
      "leaves the state before it or the one after it, and what was said to be done is done"
    ],
    [
      "trustJournal: log after promotion",
      "yield* store.stage(file)\n    yield* audit.appendAll",
      "yield* store.stage(file)\n    yield* store.promote(generation)\n    yield* audit.appendAll",
      "holds by what the log names where it could not be put in place, until it can"
    ],
    [
      "trustJournal: narrowing from the log forgotten",
      "const narrowed = trustEvents.narrow(state, since)",
      "const narrowed = state",
      "takes away at the next start what could be recorded and not be stored"
    ],
    [
      "trustJournal: restore forgets the log",
      "trustEvents.narrow(backup.state, later)",
      "backup.state",
      "gives back what was trusted then, without what was taken away since"
    ],
    [
      "trustJournal: restore forgets what was given again",
      "trustEvents.boundBy(trustEvents.narrow(backup.state, later), later)",
      "trustEvents.narrow(backup.state, later)",
      "trusts nothing more widely, or for longer, than it was trusted again since"
    ],
    [
      "trustJournal: restore forgets the current",
      "current === undefined ? fromLog : trustEvents.narrowBy(fromLog, current.state)",
      "fromLog",
      "says where the log does not go back to it, and takes none that is damaged or not there"
    ],
    [
      "trustJournal: restore of the damaged",
      "const backup = yield* read(file)",
      "const backup = yield* Effect.orElseSucceed(read(file), () => ({ state: trustState.empty, digest: \"\" }))",
      "says where the log does not go back to it, and takes none that is damaged or not there"
    ],
    [
      "trustJournal: restore of what somebody put there",
      "named.every((event) => event.state !== digest) && (oldest <= 1 || oldest <= state.generation)",
      "named.every((event) => event.state !== digest) && oldest < 0 && state.generation < 0",
      "takes none that the log does not name, as far back as it goes"
    ],
    [
      "trustJournal: restore of a first number",
      "(oldest <= 1 || oldest <= state.generation)",
      "oldest <= state.generation - 1",
      "takes none that the log does not name, as far back as it goes"
    ],
    [
      "trustJournal: restore with an old number",
      "startAt(Math.max(backup.state.generation, current?.state.generation ?? 0, anchor?.generation ?? 0))",
      "startAt(backup.state.generation - 1)",
      "is found to be right after the next restarts, and is in the log with its reason"
    ],
    [
      "trustJournal: promotion forgotten",
      "if (!isPromoted) yield* promote\n",
      "",
      "holds by what the log names where it could not be put in place, until it can"
    ],
    [
      "trustJournal: complete always",
      "isComplete: at >= 0",
      "isComplete: true",
      "says where the log does not go back to it, and takes none that is damaged or not there"
    ],
    [
      "trustJournal: backups gone is empty",
      "if ((yield* store.backups).length === 0) return undefined",
      "if ((yield* store.backups).length >= 0) return undefined",
      "does not start with nothing where there are backups and no log names a state"
    ],
    [
      "trustJournal: anchor ignored",
      "  if (anchor === undefined) {",
      "  if (anchor?.generation !== 0) {",
      "does not start on a state that is gone, cut, empty or changed, and says what to do"
    ]
  ]),
  ...of("security/internal/trustCore.ts", "security/TrustStore.test.ts", [
    [
      "trustCore: not appended when not stored",
      "Effect.andThen(this.#journal.append([event]), Effect.fail(error))",
      "Effect.fail(error)",
      "takes away at the next start what could be recorded and not be stored"
    ]
  ]),
  ...of("security/internal/trustEvents.ts", "security/TrustStore.test.ts", [
    [
      "trustEvents: versions not replayed",
      "case \"VersionRaised\": {",
      "case \"VersionLowered\": {",
      "gives back what was trusted then, without what was taken away since"
    ],
    [
      "trustEvents: a key that took the place of another is another publisher",
      "key: followed.get(source.key) ?? source.key",
      "key: source.key",
      "knows a publisher by the keys that took the place of others since, from which trust was taken away"
    ],
    [
      "trustEvents: what was narrowed under a key that took the place of another is wide",
      "event._tag === \"TrustGiven\" ? knownBefore(event, keys) : undefined",
      "event._tag === \"TrustGiven\" ? sourceOf(event) : undefined",
      "knows a publisher by the keys that took the place of others since, from which trust was narrowed"
    ],
    [
      "trustEvents: bytes of a version forgotten",
      "order > 0 || (order === 0 && mark?.digest === undefined)",
      "order > 0",
      "holds a version that was here to its bytes, also where one was allowed without any"
    ],
    [
      "trustEvents: versions of the log forgotten with a key",
      "new Map([...followed(entries), ...owners])",
      "new Map([...owners])",
      "counts the versions of a publisher for the key that took the place of its own since, with the state lost"
    ],
    [
      "trustEvents: keys not replayed",
      "case \"KeyRevoked\":",
      "case \"TailCut\": return undefined; case \"KeyRevoked\": if (event.compromised >= 0) return undefined;",
      "gives back what was trusted then, without what was taken away since"
    ]
  ]),
  ...of("security/internal/trustFile.ts", "security/trustCrash.test.ts", [
    [
      "trustFile: no sync",
      "          yield* handle.sync\n",
      "",
      "is whole at the next start, and what was said to be done is done"
    ],
    [
      "trustFile: no folder sync at stage",
      "          yield* handle.sync\n          yield* syncFolder\n",
      "          yield* handle.sync\n",
      "is whole at the next start, and what was said to be done is done"
    ],
    [
      "trustFile: no folder sync at promote",
      "Effect.andThen(fs.rename(next, path), syncFolder)",
      "fs.rename(next, path)",
      "is whole at the next start, and what was said to be done is done"
    ],
    [
      "trustFile: no promote kept",
      "const keep = Effect.fnUntraced(function*(name: number) {\n",
      "const keep = Effect.fnUntraced(function*(name: number) {\n    if (name >= 0) return\n",
      "gives texts back as they were"
    ],
    [
      "trustFile: a pipe",
      "if ((yield* fs.stat(file)).type !== \"File\") return yield* failed(\"Unreadable\", `${file} is no file`)(undefined)",
      "if (file === \"\") return undefined",
      "keeps its files from other users, and takes no link for one"
    ],
    ["trustFile: mode", "mode: 0o600", "mode: 0o644", "keeps its files from other users, and takes no link for one"],
    [
      "trustFile: link",
      "noFollow: true",
      "noFollow: false",
      "keeps its files from other users, and takes no link for one"
    ]
  ])
]
