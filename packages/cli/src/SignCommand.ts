/**
 * Deciding away from the host: `airssys approvals export`, `sign` and `import`.
 *
 * The key of an operator need not come near the host. What is signed is what
 * the request itself says, whose digest and signatures are verified beside the
 * key; what the host says besides, such as how far it trusts the release, is
 * shown as its word. The host takes what was signed by the same rules as what
 * is signed beside it.
 *
 * @since 0.1.0
 */
import * as NodeDigest from "@airssys/platform-node/NodeDigest"
import * as NodeSignature from "@airssys/platform-node/NodeSignature"
import * as NodeSigningKey from "@airssys/platform-node/NodeSigningKey"
import * as Approval from "airssys/security/Approval"
import * as ApprovalReport from "airssys/security/ApprovalReport"
import * as ApprovalStatement from "airssys/security/ApprovalStatement"
import * as CapabilityDiff from "airssys/security/CapabilityDiff"
import * as CapabilitySet from "airssys/security/CapabilitySet"
import * as ResourceLimits from "airssys/security/ResourceLimits"
import * as Statement from "airssys/security/Statement"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as DecideCommand from "./DecideCommand.ts"
import * as HostFlags from "./HostFlags.ts"
import * as HostQueue from "./HostQueue.ts"

const Exported = Schema.fromJsonString(Schema.Struct({
  format: Schema.Literal("airssys/approval-export/1"),
  approval: Approval.Approval
}))

const Decided = Schema.fromJsonString(Schema.Struct({
  format: Schema.Literal("airssys/approval-decided/1"),
  claim: Statement.Signed,
  decision: Statement.Signed
}))

const outcome = "Nothing was decided."
const refuse = (detail: string) => new HostQueue.QueueError({ detail, outcome })

const sizeLimit = 1024 * 1024

/** How long what was signed may be on its way; another step of the request ends it before. */
const wayFor = Duration.toMillis("7 days")

const read = Effect.fnUntraced(function*<A>(file: string, schema: Schema.Codec<A, string>, what: string) {
  const fs = yield* FileSystem.FileSystem
  const wrong = () => refuse(`${file} is no ${what}`)
  const info = yield* Effect.mapError(fs.stat(file), () => refuse(`there is no ${file}`))
  if (info.type !== "File" || info.size > sizeLimit) return yield* wrong()
  const text = yield* Effect.mapError(fs.readFileString(file), wrong)
  return yield* Effect.mapError(Schema.decodeEffect(schema)(text), wrong)
})

const write = Effect.fnUntraced(function*<A>(file: string, schema: Schema.Codec<A, string>, value: A) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.orDie(Schema.encodeEffect(schema)(value))
  yield* Effect.mapError(
    fs.writeFileString(file, `${text}\n`, { flag: "wx", mode: 0o600 }),
    () => refuse(`${file} cannot be made; it may be there already`)
  )
})

/** The request as its own signed text has it; what a file says besides is not looked at. */
const verified = Effect.fnUntraced(function*(approval: Approval.Approval) {
  const { signers, value } = yield* Effect.mapError(
    Statement.open(ApprovalStatement.request, approval.request),
    ({ message }) => refuse(`the request does not verify: ${message}`)
  )
  const isIntact = (yield* Statement.digest(approval.request.text)) === approval.id &&
    (yield* CapabilitySet.digest(value.wants)) === value.capabilities
  if (!isIntact) return yield* refuse("the request is not what its digests say")
  return { ...approval, asked: value, requesters: signers } satisfies Approval.Approval
}, Effect.provide([NodeSignature.layer, NodeDigest.layer]))

const exportCommand = Command.make(
  "export",
  {
    id: Argument.String("id").pipe(Argument.withDescription("A request, as list shows it")),
    file: Argument.String("file").pipe(Argument.withDescription("A new file, to be taken to where the key is")),
    folder: HostFlags.folder
  },
  Effect.fnUntraced(function*({ file, folder, id }) {
    const request = yield* HostQueue.requestOf(id, outcome)
    const { queue } = yield* HostQueue.open(folder, outcome)
    yield* write(file, Exported, { format: "airssys/approval-export/1", approval: yield* queue.get(request) })
    yield* Console.log(`Sign it where the key is: airssys approvals sign ${file} decided.json --key ada.key`)
  }, Effect.scoped)
).pipe(Command.withDescription("Write a request into a file, to be decided on another machine"))

const signCommand = Command.make(
  "sign",
  {
    file: Argument.String("file").pipe(Argument.withDescription("What `airssys approvals export` wrote")),
    out: Argument.String("out").pipe(Argument.withDescription("A new file, to be taken back to the host")),
    key: DecideCommand.keyFlag,
    deny: Flag.Boolean("deny").pipe(Flag.withDescription("Sign that it may not run"), Flag.withDefault(false)),
    reason: Flag.withDefault(DecideCommand.reasonFlag, "Decided by an operator."),
    expires: DecideCommand.expiresFlag
  },
  Effect.fnUntraced(function*({ deny, expires, file, key, out, reason }) {
    const signer = yield* NodeSigningKey.read(key)
    const approval = yield* verified((yield* read(file, Exported, "request of `airssys approvals export`")).approval)
    const { asked, id, publisher, revision } = approval
    const { widened } = CapabilityDiff.make({ from: [], to: asked.wants })
    yield* Console.log(
      ApprovalReport.render(approval, { widened, dropped: [], limits: ResourceLimits.raised(undefined, asked.limits) })
    )
    yield* Console.log(`It is for the host ${asked.host}, whose word the source is.`)
    const now = yield* Clock.currentTimeMillis
    const about = { host: asked.host, request: id, issued: now }
    const claim = yield* DecideCommand.sign(
      ApprovalStatement.claim,
      { ...about, revision, notAfter: now + wayFor },
      signer
    )
    const decision = yield* DecideCommand.sign(ApprovalStatement.decision, {
      ...about,
      revision: revision + 1,
      nonce: asked.nonce,
      artifact: asked.artifact,
      capabilities: asked.capabilities,
      verdict: deny ? "deny" : "approve",
      reason,
      notAfter: yield* DecideCommand.lastDay(Option.getOrUndefined(expires))(now),
      ...(publisher === undefined ? undefined : { publisher })
    }, signer)
    yield* write(out, Decided, { format: "airssys/approval-decided/1", claim, decision })
    yield* Console.log(`\nSigned. It counts when the host has it: airssys approvals import ${out}`)
  })
).pipe(Command.withDescription("Sign a decision about an exported request; needs no host, and changes none"))

const importCommand = Command.make(
  "import",
  {
    file: Argument.String("file").pipe(Argument.withDescription("What `airssys approvals sign` wrote")),
    folder: HostFlags.folder
  },
  Effect.fnUntraced(function*({ file, folder }) {
    const { claim, decision } = yield* read(file, Decided, "decision of `airssys approvals sign`")
    const { queue, quorum } = yield* HostQueue.open(folder, outcome)
    yield* queue.claim(claim)
    return yield* DecideCommand.told(yield* queue.decide(decision), quorum)
  }, Effect.scoped)
).pipe(Command.withDescription("Take a decision that was signed elsewhere"))

/**
 * @category models
 * @since 0.1.0
 */
export const commands = [exportCommand, signCommand, importCommand] as const
