import { assert, describe, it } from "@effect/vitest"
import type { Approval } from "airssys/security/Approval"
import * as ApprovalReport from "airssys/security/ApprovalReport"
import * as CapabilityDiff from "airssys/security/CapabilityDiff"
import type { PublicKey } from "airssys/security/PublicKey"
import * as ResourceLimits from "airssys/security/ResourceLimits"

const key = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" as PublicKey
const digest = (text: string): string => `sha256:${text.repeat(64)}`

const approval = (asked: Partial<Approval["asked"]> = {}): Approval => ({
  id: digest("1"),
  request: { text: "", signatures: [] },
  asked: {
    host: key,
    nonce: "n".repeat(22),
    component: "acme:rates",
    version: "1.2.0",
    artifact: digest("a"),
    manifest: digest("b"),
    capabilities: digest("c"),
    wants: [
      { kind: "clock", patterns: [], reason: "Date the rates." },
      { kind: "storage.read", patterns: ["rates/**"], reason: "Keep the rates.", expires: "2027-03-31" },
      { kind: "process.spawn", patterns: ["git"], reason: "Fetch them." }
    ],
    limits: { memory: 1024 * 1024, fuel: 1000 },
    reason: "Invoices.",
    issued: 0,
    notAfter: 1,
    ...asked
  },
  requesters: [key],
  level: "Unknown",
  revision: 3,
  isRecorded: true,
  state: { _tag: "Pending" }
})

const report = (
  self: Approval,
  from: ReadonlyArray<CapabilityDiff.Block>,
  limits: ReadonlyArray<ResourceLimits.Raised> = []
): string => ApprovalReport.render(self, { ...CapabilityDiff.make({ from, to: self.asked.wants }), limits })

describe("ApprovalReport", () => {
  it("sums a request up on one line, with the last day that counts", () => {
    const day = Date.UTC(2027, 2, 31)
    const waiting = approval({ notAfter: day })
    assert.strictEqual(
      ApprovalReport.summary(waiting, 2),
      `${digest("1")}  Pending  acme:rates 1.2.0  CRITICAL  waits until 2027-03-30`
    )
    const signed = { text: "", signatures: [{ key, signature: "" }] }
    const reviewing: Approval = { ...waiting, state: { _tag: "Reviewing", reviewers: [], approvals: [signed, signed] } }
    assert.deepStrictEqual(ApprovalReport.approvers(reviewing), [key])
    assert.include(ApprovalReport.summary(reviewing, 2), "Reviewing  acme:rates 1.2.0  CRITICAL  1 of 2 approved")
    const denied: Approval = {
      ...waiting,
      isRecorded: false,
      state: { _tag: "Denied", denial: signed, reason: "no\n" }
    }
    assert.match(ApprovalReport.summary(denied, 2), /Denied .* because "no\\u\{a\}" {2}not recorded yet$/)
  })

  it("sums up the limits of a request that is for nothing else", () => {
    const limits = { memory: 512 * 1024 * 1024, fuel: 20_000_000_000 }
    assert.strictEqual(
      ApprovalReport.summary(approval({ wants: [], limits, notAfter: Date.UTC(2027, 2, 31) }), 1),
      `${digest("1")}  Pending  acme:rates 1.2.0  512 MiB of memory, above 256 MiB; ` +
        "20000000000 of fuel, above 10000000000; no limit of time, above 10000 ms  waits until 2027-03-30"
    )
  })

  it("sums up nothing of a request that could pass for more than it is", () => {
    const line = ApprovalReport.summary(
      approval({ component: "acme:r\u0430tes", version: "1.0.0  Approved\nsha256:", wants: [] }),
      1
    )
    assert.notInclude(line, "\n")
    assert.include(line, "\"acme:r\\u{430}tes\" \"1.0.0  Approved\\u{a}sha256:\"  asks for nothing")
  })

  it("shows who asks, and only what is new, the greatest risk first", () => {
    const from = [{ kind: "clock", patterns: [] }, { kind: "storage.write", patterns: ["rates/*"] }] as const
    assert.deepStrictEqual(report(approval(), from).split("\n"), [
      "acme:rates 1.2.0 asks to run: \"Invoices.\"",
      `  request   ${digest("1")} (Pending, revision 3)`,
      `  asked by  ${key}`,
      `  artifact  ${digest("a")}`,
      `  manifest  ${digest("b")}`,
      "  source    Unknown, nobody signed it",
      "It asks for, beyond what is approved:",
      "  CRITICAL  process.spawn git",
      "            it runs a program outside of every limit of this host: \"Fetch them.\"",
      "  LOW       storage.read rates/** until 2027-03-31",
      "            it reads a part of its storage: \"Keep the rates.\"",
      "It asks no longer for:",
      "            storage.write rates/*"
    ])
  })

  it("says what is recorded before its use", () => {
    const clock = { kind: "clock", patterns: [], reason: "Date them." } as const
    const wants = [clock, { ...clock, audit: "before-use", reason: "Date them well." }] as const
    const lines = report(approval({ wants }), []).split("\n")
    assert.isAbove(lines.indexOf("  LOW       clock, recorded before use"), 0)
    assert.include(lines[lines.indexOf("  LOW       clock, recorded before use") + 1] ?? "", "\"Date them well.\"")
  })

  it("shows the limits that are new, and no others", () => {
    const self = approval()
    const shown = (from: ResourceLimits.ResourceLimits | undefined) =>
      report(self, self.asked.wants, ResourceLimits.raised(from, self.asked.limits)).split("\n").slice(6)
    assert.deepStrictEqual(shown(undefined), [
      "Its limits, beyond what is approved:",
      "            1 MiB of memory",
      "            1000 of fuel",
      "            no limit of time"
    ])
    assert.deepStrictEqual(shown({ memory: 1024 * 1024 - 1, fuel: 2000, timeout: 250 }), [
      "Its limits, beyond what is approved:",
      "            1 MiB of memory, above 1048575 bytes",
      "            no limit of time, above 250 ms"
    ])
    assert.deepStrictEqual(shown(self.asked.limits), ["It asks for nothing beyond what is approved."])
  })

  it("ends a quote only where it ends", () => {
    const shown = (reason: string) => report(approval({ reason }), []).split("\n")[0]?.split("run: ")[1]
    assert.strictEqual(shown(String.raw`ok" CRITICAL`), String.raw`"ok\" CRITICAL"`)
    assert.strictEqual(shown(String.raw`ok\" CRITICAL`), String.raw`"ok\\\" CRITICAL"`)
    assert.strictEqual(shown("ok\\"), String.raw`"ok\\"`)
  })

  it("quotes what could pass for the words around it, and gives each capability its own reason", () => {
    const wants = [
      { kind: "process.spawn", patterns: ["git until 2027-03-31"], reason: "Fetch." },
      { kind: "storage.read", patterns: ["rates/**"], reason: "For a day.", expires: "2027-01-01" },
      { kind: "storage.read", patterns: ["rates/**"], reason: "For ever." }
    ] as const
    const lines = report(approval({ wants, version: "1 asks to run: nothing" }), []).split("\n")
    assert.include(lines[0] ?? "", "acme:rates \"1 asks to run: nothing\" asks to run")
    assert.include(lines, "  CRITICAL  process.spawn \"git until 2027-03-31\"")
    const reasonOf = (line: string) => lines[lines.indexOf(line) + 1] ?? ""
    assert.include(reasonOf("  LOW       storage.read rates/** until 2027-01-01"), "For a day.")
    assert.include(reasonOf("  LOW       storage.read rates/**"), "For ever.")
  })

  it("lets nothing of a request pass for a line of the report", () => {
    const hostile = "x\"\nIt asks for nothing beyond what is approved.\u001b[2J\u202e\u2028p\u0430ypal"
    const lines = report(approval({ reason: hostile, component: hostile, version: hostile }), []).split("\n")
    assert.strictEqual(lines.filter((line) => line.startsWith("It asks for nothing")).length, 0)
    assert.strictEqual(lines.length, report(approval(), []).split("\n").length)
    const spelled = "p" + String.raw`\u{430}` + "ypal"
    assert.include(lines[0] ?? "", spelled.replace("\\\\", "\\"))
    assert.match(lines.join(""), /^[\x20-\x7e]*$/)
  })
})
