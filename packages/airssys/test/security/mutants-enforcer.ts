import type { Mutant } from "../../../../scripts/lib/mutants.ts"

const decide = "security/internal/decide.ts"
const ruleTable = "security/internal/ruleTable.ts"
const accounts = "security/internal/accounts.ts"
const checking = "security/internal/checking.ts"
const parts = "security/internal/grantParts.ts"
const changes = "security/internal/changes.ts"
const grantBounds = "security/internal/grantBounds.ts"
const holds = "security/internal/holds.ts"
const steadyTime = "security/internal/steadyTime.ts"
const moment = "security/internal/moment.ts"
const remembered = "security/internal/remembered.ts"
const lease = "security/internal/lease.ts"
const regime = "security/internal/regime.ts"
const auditedChange = "security/internal/auditedChange.ts"
const enforcer = "security/CapabilityEnforcer.ts"
const powers = "security/Powers.ts"
const principal = "security/Principal.ts"
const keyPage = "security/internal/keyPage.ts"
const storageRead = "security/StorageRead.ts"
const storageWrite = "security/StorageWrite.ts"
const send = "security/MessagingSend.ts"
const publish = "security/MessagingPublish.ts"
const random = "security/Random.ts"
const log = "security/Log.ts"
const environment = "security/Environment.ts"
const explanation = "security/Explanation.ts"

const places = "security/Places.ts"

const unreadableTest = "security/unreadable.test.ts"
const suiteTest = "security/CapabilityEnforcer.test.ts"
const leasesTest = "security/Lease.test.ts"
const grantsTest = "security/grants.test.ts"
const actingTest = "security/actingFor.test.ts"
const hostileTest = "security/enforcerHostile.test.ts"
const observedTest = "security/regime.test.ts"
const kindsTest = "security/powers.test.ts"
const explainedTest = "security/Explanation.test.ts"

const down = "ends, all the way down"
const flight = "interrupts what is in flight, waits for its finalizers"
const disk = "takes authority away while another change waits for the disk"

const decidingMutants: ReadonlyArray<Mutant> = [
  {
    name: "a component is not held to what it asks for",
    file: decide,
    find: "const isBound = principal.kind === \"Component\"\n",
    replace: "const isBound = false\n",
    test: suiteTest,
    title: "denies everything to a component that asks for nothing"
  },
  {
    name: "an ask holds after its last day",
    file: decide,
    find: "if (!isAskLive(ask, moment)) return deny",
    replace: "if (false as boolean) return deny",
    test: suiteTest,
    title: "lets no grant outlive the ask"
  },
  {
    name: "a revoked grant is live",
    file: decide,
    find: "!state.isRevoked && moment.isBefore(state.end)",
    replace: "moment.isBefore(state.end)",
    test: suiteTest,
    title: "are seen at the next check"
  },
  {
    name: "a grant has no end",
    file: decide,
    find: "!state.isRevoked && moment.isBefore(state.end)",
    replace: "!state.isRevoked",
    test: suiteTest,
    title: "lets a grant hold through its last day"
  },
  {
    name: "a grant holds at its very end",
    file: moment,
    find: "(this.time ??= this.now()) < end",
    replace: "(this.time ??= this.now()) <= end",
    test: grantsTest,
    title: "ends a grant to the second"
  },
  {
    name: "a resource of any length is looked at",
    file: decide,
    find: "typeof resource !== \"string\" || resource.length > longestResource) {",
    replace: "typeof resource !== \"string\") {",
    test: suiteTest,
    title: "denies a resource of absurd length"
  },
  {
    name: "one kind of principal is taken for another",
    file: accounts,
    find: "return kind === \"Component\" ? this.components",
    replace: "return kind ? this.components",
    test: suiteTest,
    title: "keeps principals apart"
  },
  {
    name: "time runs backward",
    file: steadyTime,
    find: "if (time >= latest) {",
    replace: "if (time >= 0) {",
    test: suiteTest,
    title: "never again when the clock goes back"
  },
  {
    name: "no time passes while the clock is behind",
    file: steadyTime,
    find: "latest = Math.max(latest, from.time + Number((nanos - from.nanos) / 1_000_000n))",
    replace: "",
    test: leasesTest,
    title: "expires in time although the clock is set back"
  },
  {
    name: "the time before somebody noticed that the clock is behind is not counted",
    file: steadyTime,
    find: "latest = Math.max(latest, from.time",
    replace: "if (isBehind) latest = Math.max(latest, from.time",
    test: "security/TrustRegistry.test.ts",
    title: "ends in time, as trust in a place does, although the clock is set back"
  },
  {
    name: "time begins before the newest entry of the log",
    file: steadyTime,
    find: "const newest = recorded()",
    replace: "const newest = 0",
    test: suiteTest,
    title: "starts from the time of the newest entry"
  },
  {
    name: "what is recorded meanwhile does not count",
    file: enforcer,
    find: "steadyTime.make(clock, audit.latestTimeUnsafe)",
    replace: "steadyTime.make(clock, ((time) => () => time)(audit.latestTimeUnsafe()))",
    test: suiteTest,
    title: "lets no grant live again that was over when something else was used"
  },
  {
    name: "no time is read for a rule that ends",
    file: moment,
    find: "end === Number.POSITIVE_INFINITY",
    replace: "end > 0",
    test: suiteTest,
    title: "lets no grant outlive the ask"
  },
  {
    name: "resources with one hash are taken for each other",
    file: remembered,
    find: "known !== undefined && known.resource === resource",
    replace: "known !== undefined && known.resource.length === resource.length",
    test: suiteTest,
    title: "decides the same about each of many resources"
  },
  {
    name: "a policy is not asked",
    file: checking,
    find: "over.decide(entry.account, kind, resource)",
    replace: "deciding.decide(entry.account, kind, resource, { isBefore: () => true } as never)",
    test: observedTest,
    title: "denies what is granted, says which rule did"
  },
  {
    name: "a policy is taken as it is",
    file: regime,
    find: "given && Policy.make(given.name, (request) => given.evaluate(request))",
    replace: "given",
    test: hostileTest,
    title: "denies, and ends what is in flight of everybody"
  },
  {
    name: "what cannot be recorded is allowed",
    file: enforcer,
    find: "entry === undefined && decision._tag === \"Allowed\"",
    replace: "(false as boolean)",
    test: suiteTest,
    title: "denies a use that cannot be recorded"
  },
  {
    name: "an effect runs although it is denied",
    file: enforcer,
    find: "if (decision._tag === \"Denied\") return Result.fail(lease.denied({ decision, entry }))",
    replace: "",
    test: suiteTest,
    title: "does not run the effect when it is denied"
  },
  {
    name: "a power is given to another class of the same key",
    file: powers,
    find: " || found.capability !== request.capability",
    replace: "",
    test: suiteTest,
    title: "gives nothing for a capability class without a source"
  },
  {
    name: "lines that would be refused are proposed",
    file: explanation,
    find: "if (!isGrantable(self.kind, self.resource)) return [unnamable]\n",
    replace: "",
    test: explainedTest,
    title: "writes no lines that would be refused"
  }
]

const onBehalfMutants: ReadonlyArray<Mutant> = [
  {
    name: "the authority of the others does not count",
    file: checking,
    find: "if (theirs._tag === \"Denied\") return deciding.deny",
    replace: "if (false as boolean) return deciding.deny",
    test: actingTest,
    title: "what both may is allowed, what one may is not"
  },
  {
    name: "one may act for any number",
    file: checking,
    find: "if (onBehalfOf.length > mostActingFor) {",
    replace: "if (false as boolean) {",
    test: actingTest,
    title: "nothing is allowed for more than eight"
  },
  {
    name: "a call forgets its caller",
    file: principal,
    find: "onBehalfOf(caller)(Effect.provideService(effect, CurrentPrincipal, callee))",
    replace: "Effect.provideService(effect, CurrentPrincipal, callee)",
    test: actingTest,
    title: "a nested call can do no more than its callers"
  },
  {
    name: "the last caller takes the place of those before",
    file: principal,
    find: "? chain : [...chain, other]",
    replace: "? chain : [other]",
    test: actingTest,
    title: "a nested call can do no more than its callers"
  },
  {
    name: "the others are not in the audit log",
    file: auditedChange,
    find: "{ onBehalfOf: chain.slice(0, mostActingFor + 1).map(AuditEvent.actor) }",
    replace: "undefined",
    test: actingTest,
    title: "what both may is allowed, what one may is not"
  },
  {
    name: "a kept power forgets for whom it is used",
    file: lease,
    find: "Context.get(context, ActingFor)",
    replace: "[]",
    test: hostileTest,
    title: "does no more than the other may"
  },
  {
    name: "a use without a fiber does not wait for the log",
    file: enforcer,
    find: "mustWait(decision) ? undefined : powerOf(",
    replace: "powerOf(",
    test: kindsTest,
    title: "is not decided at once where the log"
  },
  {
    name: "a use without a fiber outlives its grant",
    file: lease,
    find: "isDone ? undefined : holds.add(waiting)",
    replace: "undefined",
    test: kindsTest,
    title: "ends as it says, or by who stops it"
  },
  {
    name: "a use without a fiber is begun although it is denied",
    file: lease,
    find: "end(Exit.fail(denied({ decision, entry })))\n        return () => {}",
    replace: "",
    test: kindsTest,
    title: "ends as it says, or by who stops it"
  },
  {
    name: "a use without a fiber forgets why it was stopped",
    file: lease,
    find: "end(error === undefined ? exit : Exit.fail(error))",
    replace: "end(exit)",
    test: kindsTest,
    title: "ends as it says, or by who stops it"
  },
  {
    name: "a kept power forgets for whom it was required",
    file: lease,
    find: "[...required, ...added]",
    replace: "added",
    test: hostileTest,
    title: "counts those for whom it was required as well"
  },
  {
    name: "only the loss of who acts ends what is in flight",
    file: lease,
    find: "principals: [principal, ...onBehalfOf]",
    replace: "principals: [principal]",
    test: actingTest,
    title: "what is in flight ends when any of them loses it"
  },
  {
    name: "what an observation of another lets pass is not reported",
    file: checking,
    find: "if (theirs.reported !== undefined) reported ??= { ...theirs.reported, actor: principal }",
    replace: "",
    test: hostileTest,
    title: "is recorded as denied what the other lacks"
  }
]

const changingMutants: ReadonlyArray<Mutant> = [
  {
    name: "a second admission takes the place of the first",
    file: changes,
    find: "const known = accounts.find(principal)",
    replace: "const known = undefined as Entry | undefined",
    test: hostileTest,
    title: "ends with its grant also after who made it was admitted again"
  },
  {
    name: "another authority is admitted over the first",
    file: changes,
    find: "if (known.admitted === admitted) return",
    replace: "if (known.admitted !== \"\") return",
    test: suiteTest,
    title: "refuses other asks or grants"
  },
  {
    name: "what was revoked is given back after a dismissal",
    file: accounts,
    find: "restricted?.of.get(given) ??",
    replace: "restricted?.of.get(\"\") ??",
    test: suiteTest,
    title: "does not give back what was revoked before a dismissal"
  },
  {
    name: "what was revoked is given back for another reason",
    file: ruleTable,
    find: "given: JSON.stringify([grant.kind, grant.patterns.toSorted(), grant.expires, grant.audit])",
    replace: "given: JSON.stringify(grant)",
    test: grantsTest,
    title: "is not given back by a dismissal for another reason"
  },
  {
    name: "what is beyond memory is given back",
    file: accounts,
    find: "restricted?.isFull === true ? \"Revoked\" : \"Whole\"",
    replace: "\"Whole\"",
    test: grantsTest,
    title: "is not given back by a dismissal where more was revoked than is remembered"
  },
  {
    name: "what was narrowed is whole after a dismissal",
    file: parts,
    find: "if (state.parent === undefined) accounts.restrict(principal, state.given, state.grant)",
    replace: "",
    test: grantsTest,
    title: "outlives a dismissal, until the whole is granted again"
  },
  {
    name: "a grant for a while lifts a revocation for good",
    file: changes,
    find: "if (isForGood) accounts.lift",
    replace: "accounts.lift",
    test: hostileTest,
    title: "does not lift for good what was revoked"
  },
  {
    name: "a grant for a while stays",
    file: changes,
    find: "const ended = takeBack(principal, { grant: id })",
    replace: "const ended: States = []",
    test: grantsTest,
    title: "gives for the length of a session or a message"
  },
  {
    name: "a grant takes effect before it is recorded",
    file: changes,
    find: "yield* audit.append(auditedChange.granted(state))\n      ruleTable.installGrant(state)\n      if",
    replace: "ruleTable.installGrant(state)\n      yield* audit.append(auditedChange.granted(state))\n      if",
    test: suiteTest,
    title: "gives nothing that could not be recorded"
  },
  {
    name: "an admission takes effect before it is recorded",
    file: changes,
    find:
      "      yield* live.length > 0 ? audit.appendAll(live.map(auditedChange.granted)) : audit.flush\n      accounts.set(principal, { account, admitted })",
    replace:
      "      accounts.set(principal, { account, admitted })\n      yield* live.length > 0 ? audit.appendAll(live.map(auditedChange.granted)) : audit.flush",
    test: suiteTest,
    title: "lets a grant take effect only when it is durable"
  },
  {
    name: "a revocation waits for the disk",
    file: changes,
    find: "const first = remember(takeBack(principal, options))",
    replace: "const first: States = []",
    test: suiteTest,
    title: disk
  },
  {
    name: "a revocation misses what was granted meanwhile",
    file: changes,
    find: "const selected = [...first, ...remember(takeBack(principal, options))]",
    replace: "const selected = [...first]",
    test: suiteTest,
    title: disk
  },
  {
    name: "a dismissal waits for the disk",
    file: changes,
    find: "const first = forget(principal)",
    replace: "const first = { wasKnown: true, delegated: [] as States }",
    test: suiteTest,
    title: disk
  },
  {
    name: "a dismissal misses who was admitted meanwhile",
    file: changes,
    find: "const second = forget(principal)",
    replace: "const second = { wasKnown: true, delegated: [] as States }",
    test: hostileTest,
    title: "forgets who is admitted while it waits"
  },
  {
    name: "a grant covers more after it was narrowed",
    file: parts,
    find: "if (wider !== undefined) return yield* fail(\"Wider\", `it does not cover ${wider}`)",
    replace: "",
    test: grantsTest,
    title: "takes resources away at once, gives none"
  },
  {
    name: "a grant is prolonged by narrowing it",
    file: parts,
    find: "if (narrower.expires !== undefined) return yield* fail(\"Wider\", \"it ends before that\")",
    replace: "",
    test: grantsTest,
    title: "brings the end nearer, and never puts it off"
  },
  {
    name: "what is over is narrowed and passed on",
    file: parts,
    find: "state === undefined || state.isRevoked || now() >= state.end",
    replace: "state === undefined",
    test: grantsTest,
    title: "brings the end nearer, and never puts it off"
  },
  {
    name: "matches are remembered over a change",
    file: ruleTable,
    find: "  parent?.children.add(state)\n  forget(table)",
    replace: "  parent?.children.add(state)",
    test: hostileTest,
    title: "ends when its grant is narrowed, and what was decided before"
  },
  {
    name: "a narrower grant ends when its text says",
    file: ruleTable,
    find: "state.end = Math.min(endOf(grant.expires), state.end)",
    replace: "state.end = endOf(grant.expires)",
    test: hostileTest,
    title: "ends with the ask of a component, however often it is passed on"
  },
  {
    name: "a principal holds any number of grants",
    file: ruleTable,
    find: "if (grants.size < mostGrants) return true",
    replace: "if (grants.size >= 0) return true",
    test: grantsTest,
    title: "holds at most 4,096 live grants"
  }
]

const delegatingMutants: ReadonlyArray<Mutant> = [
  {
    name: "a delegation is wider than its grant",
    file: grantBounds,
    find: "narrower.patterns.find((pattern) => !held.patterns.some((wider) => covers(wider, pattern)))?.text",
    replace: "narrower.patterns.find(() => false)?.text",
    test: grantsTest,
    title: "passes a part on, says by whom, and nothing wider"
  },
  {
    name: "a component passes on what it does not ask for",
    file: parts,
    find: "if (asked <= now()) return",
    replace: "if (false as boolean) return",
    test: grantsTest,
    title: "gives a component nothing that it does not ask for"
  },
  {
    name: "a delegation outlives the ask of who made it",
    file: parts,
    find: "state.end = Math.min(state.end, asked)",
    replace: "",
    test: grantsTest,
    title: "gives a component nothing that it does not ask for"
  },
  {
    name: "a delegation outlives its grant",
    file: parts,
    find: "state.end = Math.min(state.end, parent.end)",
    replace: "",
    test: hostileTest,
    title: "ends with the ask of a component, however often it is passed on"
  },
  {
    name: "a delegation goes any number deep",
    file: parts,
    find: "if (parent.depth >= deepest) return",
    replace: "if (false as boolean) return",
    test: grantsTest,
    title: "goes at most eight deep"
  },
  {
    name: "data says that it is a delegation",
    file: changes,
    find: "prepared.grant.source?._tag === \"Delegation\"",
    replace: "(false as boolean)",
    test: grantsTest,
    title: "is not made by data that says it is one"
  },
  {
    name: "a delegation is given although its grant went meanwhile",
    file: parts,
    find: "if (!isHeld) {",
    replace: "if (false as boolean) {",
    test: hostileTest,
    title: "is not made of what goes while it waits"
  },
  {
    name: "a revocation leaves what was delegated",
    file: ruleTable,
    find: "return [state, ...[...state.children].flatMap(revokeAll)]",
    replace: "return [state]",
    test: grantsTest,
    title: down
  },
  {
    name: "a delegation is not known to its grant",
    file: ruleTable,
    find: "  parent?.children.add(state)\n",
    replace: "",
    test: grantsTest,
    title: down
  },
  {
    name: "what was delegated goes beyond a grant that was narrowed",
    file: parts,
    find: "const trimmed = trim(state)",
    replace: "const trimmed: States = []",
    test: grantsTest,
    title: "ends what was delegated from it and goes beyond"
  },
  {
    name: "what was delegated ends later than a grant that was narrowed",
    file: parts,
    find: "child.end = Math.min(child.end, state.end)",
    replace: "",
    test: grantsTest,
    title: "ends what was delegated from it and goes beyond"
  }
]

const holdingMutants: ReadonlyArray<Mutant> = [
  {
    name: "a use is not stopped",
    file: lease,
    find: "isDone(effect) ? effect : Effect.raceFirst(effect, untilOver(asked))",
    replace: "effect",
    test: leasesTest,
    title: flight
  },
  {
    name: "a use of a power is not checked",
    file: lease,
    find: "if (decision._tag === \"Denied\") return Effect.fail(denied({ decision, entry }))",
    replace: "",
    test: leasesTest,
    title: "refuses the next use without starting it"
  },
  {
    name: "a handle is not closed",
    file: lease,
    find: "const already = holds.add(open)",
    replace: "const already = undefined as Denied | undefined",
    test: leasesTest,
    title: "closes an open handle, before the scope of its caller"
  },
  {
    name: "a handle is given although it is too late",
    file: lease,
    find: ": over(asked, already)",
    replace: ": Effect.succeed(value)",
    test: hostileTest,
    title: "is not given where authority goes while it is made, without waiting"
  },
  {
    name: "what is acquired too late stays open",
    file: lease,
    find: "Effect.onError((cause) => Scope.close(handle, Exit.failCause(cause)))",
    replace: "(opened) => opened",
    test: leasesTest,
    title: "closes what is acquired meanwhile, and gives no handle"
  },
  {
    name: "what changed before it was registered is not seen",
    file: holds,
    find: "if (decision._tag === \"Denied\") return decision",
    replace: "",
    test: leasesTest,
    title: "stops an effect that revoked its own authority"
  },
  {
    name: "an expiry ends nothing",
    file: holds,
    find: "    this.schedule(hold)\n    return undefined",
    replace: "    return undefined",
    test: leasesTest,
    title: flight
  },
  {
    name: "a clock that jumps is seen when it would have been",
    file: holds,
    find: "Math.min(until, now + longestNap)",
    replace: "until",
    test: hostileTest,
    title: "ends within a minute of a clock that jumps"
  },
  {
    name: "a revocation stops nothing",
    file: changes,
    find: "    review(revoked)\n",
    replace: "",
    test: leasesTest,
    title: flight
  },
  {
    name: "a dismissal stops nothing",
    file: changes,
    find: "    holds.review(principal)\n    review(delegated)",
    replace: "    review(delegated)",
    test: leasesTest,
    title: flight
  },
  {
    name: "a dismissal stops nothing of what was delegated",
    file: changes,
    find: "    review(delegated)\n",
    replace: "",
    test: hostileTest,
    title: "is stopped when who made it is dismissed"
  },
  {
    name: "narrowing stops nothing",
    file: parts,
    find: "review([state, ...ruleTable.below(state), ...trimmed])",
    replace: "review([])",
    test: hostileTest,
    title: "ends when its grant is narrowed, and what was decided before"
  },
  {
    name: "narrowing leaves what was delegated its time",
    file: parts,
    find: "...ruleTable.below(state), ",
    replace: "",
    test: hostileTest,
    title: "by a delegation ends in the time that its grant was narrowed to"
  },
  {
    name: "what is in flight outlives its enforcer",
    file: enforcer,
    find: "      accounts.clear()\n",
    replace: "",
    test: leasesTest,
    title: "is over with its enforcer"
  },
  {
    name: "what is in flight outlives the grant while it is observed",
    file: checking,
    find: "deciding.until(account, kind, resource, now), ",
    replace: "",
    test: hostileTest,
    title: "ends with the grant that it began under"
  },
  {
    name: "what is in flight outlives an observation",
    file: checking,
    find: ", over.until(account, now))",
    replace: ")",
    test: observedTest,
    title: "is held to its grants when the time is over"
  },
  {
    name: "a shorter observation leaves its time to what is in flight",
    file: regime,
    find: "        holds.review(principal)\n        return until",
    replace: "        return until",
    test: hostileTest,
    title: "ends when the observation is made shorter"
  },
  {
    name: "a stream is not stopped between its pieces",
    file: powers,
    find: "(pull) => lease.use(pull)",
    replace: "(pull) => pull",
    test: kindsTest,
    title: "hears the topics that were required until a revocation"
  }
]

const powersMutants: ReadonlyArray<Mutant> = [
  {
    name: "writes below a key are not decided on",
    file: storageWrite,
    find: "lease.useOn(\n        key,\n        Effect.flatMap(",
    replace: "lease.use(\n        Effect.flatMap(",
    test: kindsTest,
    title: "read and write below the key that was required"
  },
  {
    name: "the keys of a batch are not recorded",
    file: storageWrite,
    find: "yield* lease.useOn(key, Effect.void)",
    replace: "yield* lease.use(Effect.void)",
    test: kindsTest,
    title: "are recorded with each key of a batch"
  },
  {
    name: "reads below a key are not decided on",
    file: storageRead,
    find: "return lease.useOn(key, Effect.suspend(() => store.get",
    replace: "return lease.use(Effect.suspend(() => store.get",
    test: kindsTest,
    title: "is over with its grant, whatever its operations are"
  },
  {
    name: "looks below a key are not decided on",
    file: storageRead,
    find: "return lease.useOn(key, Effect.suspend(() => store.exists",
    replace: "return lease.use(Effect.suspend(() => store.exists",
    test: kindsTest,
    title: "is over with its grant, whatever its operations are"
  },
  {
    name: "keys are listed that may not be read",
    file: keyPage,
    find: "if (!allows(key)) skipped++\n        else if",
    replace: "if",
    test: kindsTest,
    title: "list only what may be read"
  },
  {
    name: "lines of the log are not escaped",
    file: log,
    find: "SafeText.escape(message, 8192)",
    replace: "message",
    test: kindsTest,
    title: "writes in the name of the principal, escaped"
  },
  {
    name: "messages are sent after a revocation",
    file: send,
    find: "lease.use(Effect.suspend(() => port.send(outgoing(payload))))",
    replace: "Effect.suspend(() => port.send(outgoing(payload)))",
    test: kindsTest,
    title: "delivers to the recipient that was required"
  },
  {
    name: "requests that do not wait outlive a revocation",
    file: send,
    find: "lease.open(Effect.suspend(() => port.post(outgoing(payload), timeout)))",
    replace: "Effect.suspend(() => port.post(outgoing(payload), timeout))",
    test: kindsTest,
    title: "ends requests whose grant has gone"
  },
  {
    name: "topics are published to after a revocation",
    file: publish,
    find: "use(Effect.suspend(() => publish({ sender: principal, onBehalfOf, topic: resource, payload })))",
    replace: "Effect.suspend(() => publish({ sender: principal, onBehalfOf, topic: resource, payload }))",
    test: kindsTest,
    title: "is over with its grant, whatever its operations are"
  },
  {
    name: "random bytes are drawn after a revocation",
    file: random,
    find: "lease.use(\n        Number.isInteger",
    replace: "(\n        Number.isInteger",
    test: kindsTest,
    title: "is over with its grant, whatever its operations are"
  },
  {
    name: "variables are read after a revocation",
    file: environment,
    find: "lease.use(Effect.sync(() => Option.fromUndefinedOr(values.get(lease.resource))))",
    replace: "Effect.sync(() => Option.fromUndefinedOr(values.get(lease.resource)))",
    test: suiteTest,
    title: "ends a power that escaped"
  }
]

export const mutants: ReadonlyArray<Mutant> = [
  ...decidingMutants,
  ...onBehalfMutants,
  ...changingMutants,
  ...delegatingMutants,
  ...holdingMutants,
  ...powersMutants,
  {
    name: "what is no principal is admitted",
    file: changes,
    find: "if (!isPrincipal(principal)) {",
    replace: "if (false as boolean) {",
    test: unreadableTest,
    title: "is not admitted, and holds nothing"
  },
  {
    name: "whatever has no members acts for nobody",
    file: checking,
    find: "if (!Array.isArray(onBehalfOf)) return deciding.unknown(principal, kind, resource)",
    replace: "",
    test: unreadableTest,
    title: "may nothing, and nobody who acts for it may"
  },
  {
    name: "a getter that throws ends the decoder",
    file: "security/internal/untrusted.ts",
    find: "look(() => Result.mapError(decode(input), ({ message }) => message), Result.fail(\"it cannot be read\"))",
    replace: "Result.mapError(decode(input), ({ message }) => message)",
    test: unreadableTest,
    title: "are refused by Grant.fromUnknown"
  },
  {
    name: "the line for a program is cut like a report",
    file: explanation,
    find: "SafeText.programString(resource)",
    replace: "JSON.stringify(SafeText.escape(resource))",
    test: "security/Explanation.test.ts",
    title: "of exactly what was denied"
  },
  ...[
    ["there is a place too many", "this.#free = count", "this.#free = count + 1", "runs so many at once"],
    [
      "a place is lost with who fails in it",
      "Effect.ensuring(restore(effect)",
      "Effect.tap(restore(effect)",
      "leaves a place free"
    ],
    ["who comes late is let in first", " || this.#waiting.length > 0) return", ") return", "before those who wait"],
    ["who has given up is waited for", "      waiting.enter = undefined\n", "", "who does not give up"],
    ["a line stands while it moves", "while (this.#free > 0 &&", "if (this.#free > 0 &&", "in their order"]
  ].map(([name, find, replace, title]) => ({
    name: name!,
    file: places,
    find: find!,
    replace: replace!,
    test: "security/Places.test.ts",
    title: title!
  }))
]
