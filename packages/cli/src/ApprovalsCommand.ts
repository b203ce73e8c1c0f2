/**
 * `airssys approvals`: what waits for operators, and what became of it.
 *
 * What a request says is escaped: as text look-alikes are spelled out, as JSON
 * there is nothing but ASCII.
 *
 * @since 0.1.0
 */
import type { Approval } from "airssys/security/Approval"
import type { ApprovalQueue } from "airssys/security/ApprovalQueue"
import * as ApprovalReport from "airssys/security/ApprovalReport"
import type { Page } from "airssys/security/ApprovalStore"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as HostFlags from "./HostFlags.ts"
import * as HostQueue from "./HostQueue.ts"
import * as JsonLines from "./JsonLines.ts"
import * as SignCommand from "./SignCommand.ts"

const flags = {
  folder: HostFlags.folder,
  json: JsonLines.flag
}

const outcome = "Nothing was shown."

const record = (approval: Approval, quorum: number) => {
  const { asked, id, isRecorded, level, publisher, requesters, revision, state } = approval
  return {
    request: id,
    state: state._tag,
    revision,
    recorded: isRecorded,
    approvals: ApprovalReport.approvers(approval),
    quorum,
    component: asked.component,
    version: asked.version,
    artifact: asked.artifact,
    manifest: asked.manifest,
    capabilities: asked.capabilities,
    level,
    publisher,
    requesters,
    reason: asked.reason,
    issued: asked.issued,
    notAfter: "notAfter" in state ? state.notAfter : asked.notAfter,
    wants: asked.wants,
    limits: asked.limits
  }
}

const waiting = ["Pending", "Reviewing"] as const

/** Page by page, so that a long queue is shown from its beginning. */
const all = (queue: ApprovalQueue, isAll: boolean) =>
  Stream.paginate(undefined as string | undefined, (after) =>
    Effect.map(
      queue.list({ after, ...(isAll ? undefined : { states: waiting }) }),
      ({ approvals, next }: Page) => [approvals, next === undefined ? Option.none() : Option.some(next)] as const
    ))

const list = Command.make(
  "list",
  {
    ...flags,
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("Also what is decided, or over"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*({ all: isAll, folder, json }) {
    const { queue, quorum } = yield* HostQueue.open(folder, outcome)
    const shown = yield* Stream.runFoldEffect(all(queue, isAll), () => 0, (count, approval) => {
      if (!isAll && !waiting.some((tag) => tag === approval.state._tag)) return Effect.succeed(count)
      const line = json ? JsonLines.line(record(approval, quorum)) : ApprovalReport.summary(approval, quorum)
      return Effect.as(Console.log(line), count + 1)
    })
    if (shown === 0 && !json) yield* Console.log(isAll ? "There is no request." : "No request waits.")
  }, Effect.scoped)
).pipe(Command.withDescription("List the requests that wait for operators, the oldest first"))

const show = Command.make(
  "show",
  { id: Argument.String("id").pipe(Argument.withDescription("A request, as list shows it")), ...flags },
  Effect.fnUntraced(function*({ folder, id, json }) {
    const request = yield* HostQueue.requestOf(id, outcome)
    const { queue, quorum } = yield* HostQueue.open(folder, outcome)
    const approval = yield* queue.get(request)
    const { dropped, limits, widened } = yield* queue.difference(approval)
    yield* Console.log(
      json
        ? JsonLines.line({ ...record(approval, quorum), widened, dropped, raised: limits })
        : ApprovalReport.render(approval, { dropped, limits, widened })
    )
  }, Effect.scoped)
).pipe(Command.withDescription("Show what a request asks for beyond what is approved, the greatest risk first"))

/**
 * @category models
 * @since 0.1.0
 */
export const command = Command.make("approvals").pipe(
  Command.withDescription("Look at requests for approval, and decide them away from the host"),
  Command.withSubcommands([list, show, ...SignCommand.commands])
)
