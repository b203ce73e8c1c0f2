import type { Mutant } from "../../../../scripts/lib/mutants.ts"

const approval = "security/Approval.ts"
const signers = "security/internal/approvalSigners.ts"
const approvals = "security/Approvals.ts"
const steps = "security/internal/approvalSteps.ts"
const release = "security/internal/approvalRelease.ts"
const request = "security/internal/approvalRequest.ts"
const proof = "security/internal/approvalProof.ts"
const statement = "security/ApprovalStatement.ts"
const store = "security/ApprovalStore.ts"
const report = "security/ApprovalReport.ts"
const safe = "security/SafeText.ts"
const diff = "security/CapabilityDiff.ts"
const set = "security/CapabilitySet.ts"
const machine = "security/Approval.test.ts"
const service = "security/Approvals.test.ts"
const stores = "security/ApprovalStore.test.ts"
const reports = "security/ApprovalReport.test.ts"
const texts = "security/SafeText.test.ts"
const sets = "security/CapabilitySet.test.ts"

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "a statement for another host is taken",
    file: signers,
    find: "if (value.host !== rules.host) return",
    replace: "if (value.host === \"\") return",
    test: machine,
    title: "refuses what was signed for another host, request"
  },
  {
    name: "a statement for another request is taken",
    file: signers,
    find: "if (value.request !== self.id) return",
    replace: "if (value.request === \"\") return",
    test: machine,
    title: "refuses what was signed for another host, request"
  },
  {
    name: "a statement is taken at any revision",
    file: signers,
    find: "if (value.revision !== self.revision) {",
    replace: "if (value.revision < 0) {",
    test: machine,
    title: "takes nothing twice"
  },
  {
    name: "a statement that nobody signed is taken",
    file: signers,
    find: "signers.length > 0 ? undefined",
    replace: "signers.length >= 0 ? undefined",
    test: machine,
    title: "refuses who is no operator"
  },
  {
    name: "who asked decides",
    file: signers,
    find: "if (own !== undefined && _tag !== \"Revoked\") {",
    replace: "if (own !== undefined && _tag === \"TimePassed\" as string) {",
    test: machine,
    title: "refuses a decision of who asked"
  },
  {
    name: "who asked takes nothing back",
    file: signers,
    find: "own !== undefined && _tag !== \"Revoked\"",
    replace: "own !== undefined",
    test: machine,
    title: "refuses a decision of who asked"
  },
  {
    name: "who published decides",
    file: release,
    find: "key === publisher || ",
    replace: "",
    test: machine,
    title: "refuses a decision of who signed the release"
  },
  {
    name: "only the first who signed has to be an operator",
    file: signers,
    find: "signers.find((key) => !rules.operators.has(key))",
    replace: "signers.slice(0, 1).find((key) => !rules.operators.has(key))",
    test: machine,
    title: "refuses who is no operator"
  },
  {
    name: "a claim lasts for ever",
    file: approval,
    find: "reviewers.filter(({ until }) => now < until)",
    replace: "reviewers.filter(({ until }) => now <= until)",
    test: machine,
    title: "decides only by those who review"
  },
  {
    name: "a claim that is over is taken",
    file: approval,
    find: "if (now >= value.notAfter) return refuse(\"Over\", \"the claim",
    replace: "if (now > value.notAfter) return refuse(\"Over\", \"the claim",
    test: machine,
    title: "takes nothing when its time is over"
  },
  {
    name: "what is decided is claimed again",
    file: approval,
    find:
      "if (state._tag !== \"Pending\" && state._tag !== \"Reviewing\") {\n    return refuse(\"NotAllowed\", `the request is ${state._tag} already`)\n  }\n  const others",
    replace:
      "if (state._tag === \"Expired\") {\n    return refuse(\"NotAllowed\", `the request is ${state._tag} already`)\n  }\n  const others",
    test: machine,
    title: "takes every legal step"
  },
  {
    name: "another is released",
    file: approval,
    find: "signers.every((key) => state.reviewers.some((_) => _.key === key))",
    replace: "signers.length > 0",
    test: machine,
    title: "is released by its last reviewer"
  },
  {
    name: "a decision names another nonce",
    file: approval,
    find: "value.nonce !== asked.nonce || ",
    replace: "",
    test: machine,
    title: "refuses what was signed for another host, request"
  },
  {
    name: "a decision names another artifact",
    file: release,
    find: "value.artifact === asked.artifact && value",
    replace: "value",
    test: machine,
    title: "refuses what was signed for another host, request"
  },
  {
    name: "a decision names other capabilities",
    file: release,
    find: "value.capabilities === asked.capabilities && ",
    replace: "",
    test: machine,
    title: "refuses what was signed for another host, request"
  },
  {
    name: "a decision names another publisher",
    file: release,
    find: " && value.publisher === publisher",
    replace: "",
    test: machine,
    title: "refuses what was signed for another host, request"
  },
  {
    name: "a judgement names another level",
    file: approval,
    find: " || value.level !== self.level) {",
    replace: ") {",
    test: machine,
    title: "refuses what was signed for another host, request"
  },
  {
    name: "a decision that is over is taken",
    file: approval,
    find: "if (now >= value.notAfter) return refuse(\"Over\", \"the decision",
    replace: "if (now > value.notAfter) return refuse(\"Over\", \"the decision",
    test: machine,
    title: "takes nothing when its time is over"
  },
  {
    name: "who does not review decides",
    file: approval,
    find: "!signers.every((key) => reviewers.some((_) => _.key === key))",
    replace: "reviewers.length === 0",
    test: machine,
    title: "decides only by those who review"
  },
  {
    name: "approvals that are over count",
    file: approval,
    find: "now < endOf(_) && !isReplaced(_)",
    replace: "!isReplaced(_)",
    test: machine,
    title: "counts no approval that is over"
  },
  {
    name: "approvals of one operator pile up",
    file: approval,
    find: " && !isReplaced(_))",
    replace: ")",
    test: machine,
    title: "keeps one approval of an operator"
  },
  {
    name: "an approval lasts as long as its longest",
    file: approval,
    find: "Math.min(...approvals.map(endOf))",
    replace: "Math.max(...approvals.map(endOf))",
    test: machine,
    title: "ends with the first of its approvals"
  },
  {
    name: "who is no operator any more counts",
    file: approval,
    find: "new Set(keys.filter((key) => rules.operators.has(key))).size",
    replace: "new Set(keys).size",
    test: machine,
    title: "counts no approval that is over"
  },
  {
    name: "who signs twice counts twice",
    file: approval,
    find: "new Set(keys.filter((key) => rules.operators.has(key))).size",
    replace: "keys.filter((key) => rules.operators.has(key)).length",
    test: machine,
    title: "needs as many operators as the quorum"
  },
  {
    name: "operators let pass in the name of the host",
    file: signers,
    find: "signers.length !== 1 || signers[0] !== rules.host",
    replace: "signers.length === 0",
    test: machine,
    title: "refuses who is no operator"
  },
  {
    name: "anything is bypassed in DevMode",
    file: approval,
    find: "self.state._tag !== \"Pending\" || self.level !== allowed",
    replace: "self.state._tag !== \"Pending\"",
    test: machine,
    title: "is not bypassed unless"
  },
  {
    name: "what is decided passes by itself",
    file: approval,
    find: "self.state._tag !== \"Pending\" || self.level !== allowed",
    replace: "self.level !== allowed",
    test: machine,
    title: "takes every legal step"
  },
  {
    name: "what was denied is revoked",
    file: approval,
    find: "  isApproving(self.state)\n    ? Result.succeed(moved(self, { _tag: \"Revoked\"",
    replace: "  self.state._tag !== \"Pending\"\n    ? Result.succeed(moved(self, { _tag: \"Revoked\"",
    test: machine,
    title: "takes every legal step"
  },
  {
    name: "an approval lasts a moment longer",
    file: approval,
    find: "? now >= state.notAfter",
    replace: "? now > state.notAfter",
    test: machine,
    title: "ends with the first of its approvals"
  },
  {
    name: "a request never ends",
    file: approval,
    find: "&& now >= asked.notAfter",
    replace: "&& now > asked.notAfter + 1e9",
    test: machine,
    title: "takes every legal step"
  },
  {
    name: "a record that moved counts as recorded",
    file: approval,
    find: "  isRecorded: false\n",
    replace: "  isRecorded: true\n",
    test: machine,
    title: "takes every legal step"
  },
  {
    name: "an approval counts before it is in the log",
    file: proof,
    find: "!self.isRecorded || ",
    replace: "",
    test: service,
    title: "counts no approval that was taken back while"
  },
  {
    name: "an approval counts that was replaced while it was recorded",
    file: approvals,
    find: "isRecorded: yield* store.recorded(approval.id, approval.revision) }",
    replace: "isRecorded: (yield* store.recorded(approval.id, approval.revision)) || true }",
    test: service,
    title: "counts no approval that was taken back while"
  },
  {
    name: "what another process stored is not recorded",
    file: approvals,
    find: "for (const approval of stored) yield* record(approval, \"unknown\")",
    replace: "",
    test: service,
    title: "records what another process stored"
  },
  {
    name: "nobody is told of what another process stored",
    file: approvals,
    find: "yield* Effect.forEach(stored, told, { discard: true })",
    replace: "",
    test: service,
    title: "records what another process stored"
  },
  {
    name: "what is of another host is recorded here",
    file: approvals,
    find: "asked.host === rules.host)",
    replace: "asked.host !== undefined)",
    test: service,
    title: "records what another process stored"
  },
  {
    name: "what the store says of a request is believed",
    file: proof,
    find: "Result.isSuccess(written) && written.success === request.text &&",
    replace: "Result.isSuccess(written) &&",
    test: service,
    title: "believes no record that its signatures"
  },
  {
    name: "who the store says asked is believed",
    file: proof,
    find: "signers.length === requesters.length && signers.every((key) => requesters.includes(key))",
    replace: "signers.length > 0",
    test: service,
    title: "believes no record that hides who asked"
  },
  {
    name: "approvals in the store need no operators",
    file: proof,
    find: "return Approval.hasQuorum(approvals, rules)",
    replace: "return approvals.length > 0",
    test: service,
    title: "believes no record that its signatures"
  },
  {
    name: "who asked or published approves in the store",
    file: proof,
    find: " && !signers.some((key) => approvalRelease.isOwn(self, key))",
    replace: "",
    test: service,
    title: "lets nobody decide on a release that their key signed"
  },
  {
    name: "anybody lets pass in the store",
    file: proof,
    find: "signers.length === 1 && signers[0] === rules.host",
    replace: "signers.length > 0",
    test: service,
    title: "believes no record that hides who asked"
  },
  {
    name: "the level in the store is believed",
    file: proof,
    find: "value.level === self.level &&",
    replace: "",
    test: service,
    title: "believes no record about who published"
  },
  {
    name: "a record is found by how it is filed",
    file: steps,
    find: "asked.component === query.component",
    replace: "asked.component !== \"\"",
    test: service,
    title: "finds a record by what it says"
  },
  {
    name: "other capabilities are approved",
    file: release,
    find: "asked.capabilities === release.capabilities &&",
    replace: "asked.capabilities !== \"\" &&",
    test: service,
    title: "is for one artifact"
  },
  {
    name: "what was refused passes when it is asked anew",
    file: approvals,
    find: "if (yield* isRefused(asked.artifact)) return undefined",
    replace: "",
    test: service,
    title: "lets nothing pass by itself that an operator"
  },
  {
    name: "what was refused runs by another request",
    file: approvals,
    find: " || (yield* isRefused(asked.artifact))) return false",
    replace: ") return false",
    test: service,
    title: "lets nothing pass by itself that an operator"
  },
  {
    name: "who signed a release beside its publisher decides",
    file: release,
    find: " || signers.includes(key)",
    replace: "",
    test: service,
    title: "lets nobody decide on a release that any of their keys signed"
  },
  {
    name: "who turns out to have signed a release has approved it",
    file: approvals,
    find: "return !approvers(approval).some((key) => judged.signers?.includes(key) === true)",
    replace: "return true",
    test: service,
    title: "lets nobody decide on a release that any of their keys signed"
  },
  {
    name: "a lower version is an upgrade",
    file: release,
    find: "compare(asked.version, other.asked.version) < 0",
    replace: "asked === other.asked",
    test: service,
    title: "passes no version below one that is approved"
  },
  {
    name: "an upgrade passes whatever of its publisher was refused since",
    file: release,
    find: "!since.some((other) => isRefused(other, approved))",
    replace: "since.length >= 0",
    test: service,
    title: "passes no upgrade of a publisher of which an operator has since refused"
  },
  {
    name: "who was denied more is asked about less",
    file: release,
    find: "(state._tag === \"Denied\" && isWithin(approved.asked, asked))",
    replace: "state._tag === \"Denied\"",
    test: service,
    title: "passes no upgrade of a publisher of which an operator has since refused"
  },
  {
    name: "what passed once counts as seen",
    file: steps,
    find: "Effect.succeed(false) : isApproved(basis)",
    replace: "Effect.succeed(false) : Effect.succeed(true)",
    test: service,
    title: "passes an upgrade of the same publisher"
  },
  {
    name: "what passed of a publisher who answers no more counts as seen",
    file: steps,
    find: "publisher === asking.publisher ? Approval.basisOf(state) : undefined",
    replace: "Approval.basisOf(state)",
    test: "component/approving.test.ts",
    title: "passes on to none of a publisher whose key is revoked"
  },
  {
    name: "an upgrade of another publisher passes",
    file: release,
    find: "publisher !== undefined && approved.publisher === publisher",
    replace: "true",
    test: service,
    title: "passes an upgrade of the same publisher"
  },
  {
    name: "nobody is taken for one publisher",
    file: release,
    find: "publisher !== undefined && approved",
    replace: "approved",
    test: service,
    title: "passes no upgrade of whom nobody knows"
  },
  {
    name: "a wider upgrade passes",
    file: release,
    find: "widened.length === 0 && limits",
    replace: "limits",
    test: service,
    title: "passes an upgrade of the same publisher"
  },
  {
    name: "an upgrade with wider limits passes",
    file: release,
    find: " && limits.length === 0",
    replace: "",
    test: service,
    title: "passes no upgrade whose limits are wider"
  },
  {
    name: "an approval holds for another manifest",
    file: release,
    find: "asked.manifest === release.manifest && ",
    replace: "",
    test: service,
    title: "is for one artifact with exactly one set"
  },
  {
    name: "the same bytes pass with other settings",
    file: release,
    find: " && approved.asked.manifest === asking.asked.manifest)",
    replace: ")",
    test: service,
    title: "passes no upgrade of whom nobody knows"
  },
  {
    name: "an approval holds for other limits",
    file: release,
    find: "ResourceLimits.isSame(asked.limits, release.limits)",
    replace: "true",
    test: service,
    title: "is for one artifact with exactly one set"
  },
  {
    name: "an upgrade outlasts its basis",
    file: approvals,
    find: "until: Math.min(now() + lifetime, approved.state.notAfter)",
    replace: "until: now() + lifetime",
    test: service,
    title: "never lengthens an approval"
  },
  {
    name: "an upgrade holds without its basis",
    file: steps,
    find: "return approval?.state._tag === \"Approved\" &&",
    replace: "return approval !== undefined ||",
    test: service,
    title: "passes an upgrade of the same publisher"
  },
  {
    name: "what is judged otherwise holds",
    file: approvals,
    find: "level !== judged.level || publisher !== judged.publisher || ",
    replace: "",
    test: service,
    title: "passes what is trusted"
  },
  {
    name: "what was trusted holds where all is reviewed",
    file: approvals,
    find: "return kind === \"DevBypassed\" || options.passTrusted !== false",
    replace: "return true",
    test: service,
    title: "lets what was trusted pass no longer"
  },
  {
    name: "DevMode lasts a year",
    file: approvals,
    find: "Math.min(day, lifetime)",
    replace: "lifetime",
    test: service,
    title: "passes what is trusted"
  },
  {
    name: "a request for another host is taken",
    file: request,
    find: "if (asked.host !== expected.host) return",
    replace: "if (asked.host === expected.host && asked.host === \"\") return",
    test: service,
    title: "refuses a request of another host"
  },
  {
    name: "a request waits for ever",
    file: request,
    find: "asked.notAfter - expected.now > expected.longestRequest",
    replace: "asked.notAfter < 0",
    test: service,
    title: "refuses a request of another host"
  },
  {
    name: "a request of another digest is taken",
    file: request,
    find: "(yield* CapabilitySet.digest(asked.wants)) !== asked.capabilities",
    replace: "asked.capabilities === \"\"",
    test: service,
    title: "refuses a request of another host"
  },
  {
    name: "what is no pattern is asked for",
    file: request,
    find: "if (Result.isFailure(compiled)) return yield*",
    replace: "if (Result.isFailure(compiled) && kind === \"log\") return yield*",
    test: service,
    title: "refuses a request of another host"
  },
  {
    name: "one key is two operators",
    file: request,
    find: "operators.size < options.operators.length",
    replace: "operators.size < 0",
    test: service,
    title: "takes no options"
  },
  {
    name: "the host is an operator",
    file: request,
    find: "operators.has(options.host)",
    replace: "operators.size < 0",
    test: service,
    title: "takes no options"
  },
  {
    name: "a quorum is any number",
    file: request,
    find: "Number.isInteger(quorum) && quorum >= 1 && ",
    replace: "",
    test: service,
    title: "takes no options"
  },
  {
    name: "a request has any number of patterns",
    file: statement,
    find: "patterns.length, 0) <= 1024",
    replace: "patterns.length, 0) <= 1e9",
    test: service,
    title: "takes no request of more patterns"
  },
  {
    name: "a nonce is used twice",
    file: store,
    find: " || nonces.has(approval.asked.nonce)",
    replace: "",
    test: stores,
    title: "takes an id and a nonce once"
  },
  {
    name: "a record is replaced at any revision",
    file: store,
    find: "records.get(approval.id)?.revision !== approval.revision - 1",
    replace: "!records.has(approval.id)",
    test: stores,
    title: "replaces a record only by the one"
  },
  {
    name: "any revision is marked as recorded",
    file: store,
    find: "found?.revision !== revision",
    replace: "found === undefined",
    test: stores,
    title: "marks the revision that it names"
  },
  {
    name: "texts of a request are shown as they are",
    file: report,
    find: "SafeText.escapeLookAlikes(value)",
    replace: "value",
    test: reports,
    title: "lets nothing of a request pass"
  },
  {
    name: "quotes end where a request says",
    file: safe,
    find: ".replaceAll(\"\\\"\", \"\\\\\\\"\")",
    replace: "",
    test: reports,
    title: "ends a quote only where it ends"
  },
  {
    name: "a pattern passes for the words around it",
    file: safe,
    find: "? text : quote(text)",
    replace: "? text : escapeLookAlikes(text)",
    test: reports,
    title: "quotes what could pass"
  },
  {
    name: "a capability shows the reason of another",
    file: report,
    find: "want.expires === expires && ",
    replace: "",
    test: reports,
    title: "quotes what could pass"
  },
  {
    name: "invisible letters are shown",
    file: safe,
    find: "\\p{Default_Ignorable_Code_Point}",
    replace: "",
    test: texts,
    title: "escapes what a terminal obeys"
  },
  {
    name: "mixed scripts are shown",
    file: safe,
    find: "(latin.test(text) && foreign.test(text)) ||",
    replace: "",
    test: texts,
    title: "spells out words"
  },
  {
    name: "words of look-alikes are shown",
    file: safe,
    find: "imitations.test(text) || ",
    replace: "",
    test: texts,
    title: "spells out words"
  },
  {
    name: "look-alikes of Latin are shown",
    file: safe,
    find: "twins.test(text) || ",
    replace: "",
    test: texts,
    title: "spells out words"
  },
  {
    name: "stray marks are shown",
    file: safe,
    find: " || strayMark.test(text)",
    replace: "",
    test: texts,
    title: "spells out words"
  },
  {
    name: "signs that look like others are shown",
    file: safe,
    find: "sign.test(text) || ",
    replace: "",
    test: texts,
    title: "spells out words"
  },
  {
    name: "a capability for longer is no wider",
    file: diff,
    find: "lasts(wider.item, narrower.item) && covers",
    replace: "covers",
    test: service,
    title: "passes no upgrade that asks for longer"
  },
  {
    name: "what has no canonical form is one",
    file: set,
    find: " ?? JSON.stringify(item)",
    replace: "",
    test: sets,
    title: "tells apart"
  },
  {
    name: "what is asked until a day has the digest of what is for ever",
    file: set,
    find: "expires === undefined ? {} : { expires }",
    replace: "{}",
    test: sets,
    title: "is the same however"
  },
  {
    name: "what asks for nothing may use up anything",
    file: "component/internal/approving.ts",
    find: " || ResourceLimits.aboveUnasked(inNumbers(limits)).length > 0",
    replace: "",
    test: "component/approving.test.ts",
    title: "is needed by what asks for nothing and may use up much"
  },
  {
    name: "no memory is much",
    file: "security/ResourceLimits.ts",
    find: "above.filter(({ limit }) => limit === \"memory\")",
    replace: "[]",
    test: "component/approving.test.ts",
    title: "is needed by what asks for nothing and may use up much"
  }
]
