import { type Mutant, of } from "../../../../scripts/lib/mutants.ts"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("security/internal/trustVerdict.ts", "security/TrustRegistry.test.ts", [
    [
      "trustVerdict: revoked digest",
      "if (revocation !== undefined) return",
      "if (revocation === \"-\") return",
      "lets a revoked digest run nowhere as trusted"
    ],
    [
      "trustVerdict: against outvoted",
      "if (published._tag === \"Against\") return published\n",
      "",
      "does not trust by a statement that is of another digest, not even in a trusted folder"
    ],
    [
      "trustVerdict: publisher of what is spoken against",
      "judgeSignatures(state, signatures, now)._tag !== \"Against\" &&",
      "signatures !== undefined &&",
      "names the publisher while nothing speaks against it"
    ],
    [
      "trustVerdict: publisher beside a good signature",
      "judgeSigner(state, key, namespace, release, now)._tag !== \"Against\"\n  return isGood",
      "signatures !== undefined\n  return isGood",
      "names the publisher while nothing speaks against it"
    ],
    [
      "trustVerdict: keys of one owner",
      "new Set([...signatures.signers, ...kin])",
      "new Set(kin.length < 0 ? kin : signatures.signers)",
      "names the publisher while nothing speaks against it"
    ],
    [
      "trustVerdict: expiry of sources",
      "now < end(given.expires)",
      "now < Infinity",
      "trusts a place until the end of its last day"
    ],
    [
      "trustVerdict: git commit",
      "[\"\", git.commit]",
      "[\"\", \"\"]",
      "trusts a repository at a commit, at a ref, or at a commit of a ref, and nowhere else"
    ],
    [
      "trustVerdict: not after",
      "now >= statement.notAfter",
      "now > statement.notAfter",
      "trusts a statement from five minutes before it was issued until it ends"
    ],
    [
      "trustVerdict: future",
      "now + skew < statement.issued",
      "now < 0",
      "trusts a statement from five minutes before it was issued until it ends"
    ],
    [
      "trustVerdict: first seen",
      "seen >= revoked.compromised",
      "seen > revoked.compromised",
      "takes from a revoked key what came here since it was compromised, whatever the statement says"
    ],
    [
      "trustVerdict: retired",
      "owned.retired !== undefined && seen >= owned.retired",
      "owned.retired === 0",
      "goes on with a key that the old one and itself signed for"
    ],
    [
      "trustVerdict: namespace",
      ".some((pattern) => covers(pattern, namespace))",
      ".some((pattern) => namespace.startsWith(pattern.replace(\"*\", \"\")))",
      "trusts what a publisher signed in its namespaces, and in no other"
    ],
    [
      "trustVerdict: given",
      "if (!holds(given, now) || given.source",
      "if (given === undefined) return { _tag: \"For\", because: \"\", publisher: key }\n  if (!holds(given, now) || given.source",
      "does not trust a publisher whose trust was taken away"
    ],
    [
      "trustVerdict: equal version",
      "order === 0 && mark?.digest !== undefined",
      "order === 9 && mark?.digest !== undefined",
      "takes a version for what was here under its name, and other bytes for something else"
    ],
    [
      "trustVerdict: semver order",
      "return SemVer.Order(left.success, right.success)",
      "return a < b ? -1 : a > b ? 1 : 0",
      "trusts no version below one that started, however it is numbered"
    ],
    [
      "trustVerdict: who follows a thief",
      "const revoked = revocationOf(state, key)",
      "const revoked = state.revokedKeys.get(key)",
      "takes the keys with a stolen one that took its place since"
    ],
    [
      "trustVerdict: rotated marks",
      "state.marks.get(markKey(publisher, component))",
      "state.marks.get(markKey(statement.key, component))",
      "counts versions for each publisher and component, over a change of keys"
    ]
  ]),
  ...of("security/internal/trustEvaluation.ts", "security/TrustRegistry.test.ts", [
    [
      "trustEvaluation: looked at is raised",
      "const isRaised = isStarting && isAhead",
      "const isRaised = isAhead",
      "takes from a revoked key what came here since it was compromised, whatever the statement says"
    ],
    [
      "trustEvaluation: dev mode end",
      "core.now() < devModeUntil",
      "devModeUntil > 0",
      "ends by itself, and never lasts longer than a day"
    ],
    [
      "trustEvaluation: dev mode for against",
      "judgement._tag === \"Nothing\" &&",
      "",
      "does not trust by a signature that does not verify, in DevMode neither"
    ]
  ]),
  ...of("security/ReleaseStatement.ts", "security/TrustRegistry.test.ts", [
    [
      "ReleaseStatement: digest mismatch",
      "[\"artifact\", \"manifest\", \"capabilities\", ",
      "[\"manifest\", \"capabilities\", ",
      "does not trust by a statement that is of another digest, not even in a trusted folder"
    ],
    [
      "ReleaseStatement: manifest mismatch",
      "[\"artifact\", \"manifest\", \"capabilities\", ",
      "[\"artifact\", \"capabilities\", ",
      "does not trust by a statement that is of another manifest, not even in a trusted folder"
    ],
    [
      "ReleaseStatement: capabilities mismatch",
      "[\"artifact\", \"manifest\", \"capabilities\", ",
      "[\"artifact\", \"manifest\", ",
      "does not trust by a statement that is of another capabilities, not even in a trusted folder"
    ],
    [
      "ReleaseStatement: version mismatch",
      ", \"name\", \"version\"] as const",
      ", \"name\"] as const",
      "does not trust by a statement that is of another version, not even in a trusted folder"
    ]
  ]),
  ...of("security/TrustRegistry.ts", "security/TrustRegistry.test.ts", [
    [
      "TrustRegistry: dev mode day",
      "Duration.min(Duration.fromInputUnsafe(options.devModeFor ?? \"8 hours\"), longestDevMode)",
      "Duration.fromInputUnsafe(options.devModeFor ?? \"8 hours\")",
      "ends by itself, and never lasts longer than a day"
    ]
  ]),
  ...of("security/internal/trustChanges.ts", "security/TrustRegistry.test.ts", [
    [
      "trustChanges: trust revoked key",
      "if (source._tag === \"Publisher\") yield* live(state, source.key)\n",
      "",
      "takes everything from a key that is revoked without a time, and never gives it back"
    ],
    [
      "trustChanges: trust who follows a thief",
      "revocationOf(state, key) !== undefined",
      "state.revokedKeys.has(key)",
      "takes the keys with a stolen one that took its place since"
    ],
    [
      "trustChanges: rotation time",
      "if (now < issued || now >= notAfter) return",
      "if (now < issued) return",
      "goes on only while the statement of it holds, and while the publisher is trusted"
    ],
    [
      "trustChanges: rotation known",
      "if (state.keys.has(to) || state.revokedKeys.has(to)) {",
      "if (state.keys.has(to)) {",
      "goes on from no key that is unknown, replaced or revoked, to none that is known or revoked"
    ],
    [
      "trustChanges: rotation of the untrusted",
      "if (!state.given.has(publisherOf(state, from)) || !state.keys.has(from)) {",
      "if (!state.keys.has(from)) {",
      "goes on only while the statement of it holds, and while the publisher is trusted"
    ],
    [
      "trustChanges: future compromise",
      " && compromised <= core.now()",
      "",
      "takes no time of a compromise that has not come"
    ],
    [
      "trustChanges: downgrade upwards",
      "compare(version, mark.version) >= 0",
      "compare(version, mark.version) > 99",
      "goes back as far as an operator allowed, and says so in the log"
    ]
  ]),
  ...of("security/internal/trustState.ts", "security/TrustRegistry.test.ts", [
    [
      "trustState: compromise only earlier",
      "Math.min(compromised, state.revokedKeys.get(key)?.compromised ?? compromised)",
      "compromised",
      "takes everything from a key that is revoked without a time, and never gives it back"
    ]
  ]),
  ...of("security/internal/trustCore.ts", "security/TrustRegistry.test.ts", [
    [
      "trustCore: taking in flight",
      "for (const change of this.#taking) next",
      "for (const change of []) next",
      "trusts nothing that could not be recorded, and revokes even so"
    ],
    [
      "trustCore: clock back",
      "steadyTime.make(clock, () => Math.max(time, recorded()))",
      "() => clock.currentTimeMillisUnsafe()",
      "trusts a place until the end of its last day"
    ],
    [
      "trustCore: clock held back",
      "steadyTime.make(clock, () => Math.max(time, recorded()))",
      "((latest) => () => (latest = Math.max(latest, time, clock.currentTimeMillisUnsafe())))(recorded())",
      "ends in time, as trust in a place does, although the clock is set back"
    ]
  ]),
  ...of("security/TrustSource.ts", "security/TrustRegistry.test.ts", [
    [
      "TrustSource: namespaces prefix",
      "namespace.startsWith(pattern.slice(0, -1))",
      "namespace.startsWith(pattern.slice(0, -2))",
      "trusts a publisher in all namespaces that begin with a word and a dash, or in all there are"
    ],
    [
      "TrustSource: bare git",
      "source._tag === \"Git\" ? git(source.url, source) : Result.succeed(source)",
      "Result.succeed(source)",
      "refuses a repository without commit or ref, by a short one, or at no address"
    ]
  ]),
  ...of("component/internal/installing.ts", "component/signedReleases.test.ts", [
    [
      "installing: signature not read",
      "const signed = signature === undefined",
      "const signed = signature !== \"\"",
      "is trusted where a publisher signed exactly these files"
    ],
    [
      "installing: signature cached",
      " && known.signature === signature",
      "",
      "starts by the signature that lies there, not by one that lay there before"
    ]
  ]),
  ...of("component/internal/hosting.ts", "component/signedReleases.test.ts", [
    [
      "hosting: start not told",
      "place(given, options, true)",
      "place(given, options)",
      "keeps lower versions from being trusted once it has started, and not before"
    ]
  ]),
  ...of("component/internal/signedRelease.ts", "component/signedReleases.test.ts", [
    [
      "signedRelease: capabilities from the statement",
      "CapabilitySet.digest(manifest.asks)",
      "CapabilitySet.digest([])",
      "is trusted where a publisher signed exactly these files"
    ]
  ]),
  ...of("security/internal/trustState.ts", "security/TrustStore.test.ts", [
    [
      "trustState: declared is stored",
      ".filter((_) => _.isDeclared !== true)",
      "",
      "is trusted and recorded, and ends when it is declared no more"
    ]
  ]),
  ...of("security/internal/trustChanges.ts", "security/TrustStore.test.ts", [
    [
      "trustChanges: declared gives back a digest",
      "source._tag === \"Digest\" && state.revokedDigests.has(source.digest)",
      "source._tag === \"Digest\" && state.revokedDigests.has(\"\")",
      "does not give back what was revoked"
    ]
  ]),
  ...of("component/internal/trustSchema.ts", "component/TrustConfig.test.ts", [
    [
      "trustSchema: duplicates by text",
      "return Result.isSuccess(source) ? TrustSource.identity(source.success) : JSON.stringify(block)",
      "return JSON.stringify(block)",
      "is not taken with a source that is there twice, however it is written"
    ]
  ]),
  ...of("component/TrustConfig.ts", "component/TrustConfig.test.ts", [
    [
      "TrustConfig: added unchecked",
      "Result.map(parse(next, options), () => next)",
      "Result.succeed(next)",
      "gets nothing that it has already, nothing that is not taken, and nothing where it is broken itself"
    ]
  ])
]
