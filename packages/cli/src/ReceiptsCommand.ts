/**
 * `airssys receipts`: what messages cost, and on whose account they were.
 *
 * It reads the receipts in the folder of a host, which may run meanwhile. What
 * comes from components and senders is escaped.
 *
 * @since 0.1.0
 */
import * as NodeHostFolder from "@airssys/platform-node/NodeHostFolder"
import * as NodeReceipts from "@airssys/platform-node/NodeReceipts"
import type { Sender } from "airssys/component/Delivery"
import type { MessageReceipt } from "airssys/component/Receipt"
import type { ReceiptQuery } from "airssys/component/ReceiptQuery"
import { Receipts } from "airssys/component/Receipts"
import * as SafeText from "airssys/security/SafeText"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as HostFlags from "./HostFlags.ts"
import * as HostFolder from "./HostFolder.ts"
import * as JsonLines from "./JsonLines.ts"

/**
 * A flag that is no time or no sender, or a host that keeps no receipts.
 *
 * @category errors
 * @since 0.1.0
 */
export class ReceiptsUsage extends Schema.TaggedError<ReceiptsUsage>("@airssys/cli/ReceiptsUsage")("ReceiptsUsage", {
  detail: Schema.String
}) {
  override get message(): string {
    return `error: ${this.detail}`
  }
}

const timeOf = (flag: string, text: Option.Option<string>) =>
  Option.isNone(text) ? Effect.succeed(undefined) : Option.match(DateTime.make(text.value), {
    onNone: () => Effect.fail(new ReceiptsUsage({ detail: `--${flag} is no time such as 2026-03-01T12:00Z` })),
    onSome: (time) => Effect.succeed(DateTime.toEpochMillis(time))
  })

const operator = "operator:"

const senderOf = (text: string): Sender =>
  text === "host"
    ? { _tag: "Host" }
    : text.startsWith(operator)
    ? { _tag: "Operator", id: text.slice(operator.length) }
    : { _tag: "Component", id: text }

const nameOf = (sender: Sender): string => {
  switch (sender._tag) {
    case "Host":
      return "host"
    case "Operator":
      return `${operator}${sender.id}`
    case "Component":
      return sender.id
  }
}

const plain = ({ nanos, sender, ...of }: MessageReceipt) => ({
  ...of,
  at: DateTime.formatIso(DateTime.makeUnsafe(of.at)),
  sender: nameOf(sender),
  nanos: Number(nanos)
})

const count = (value: number | undefined): string => value === undefined ? "-" : value.toLocaleString("en")

const line = (receipt: MessageReceipt): string =>
  [
    DateTime.formatIso(DateTime.makeUnsafe(receipt.at)),
    receipt.component,
    receipt.export,
    receipt.outcome.toLowerCase(),
    `${count(receipt.fuel)} fuel`,
    `${count(Math.round(Number(receipt.nanos) / 1000))} us`,
    `from ${nameOf(receipt.sender)}`,
    ...receipt.tenant === undefined ? [] : [`for ${receipt.tenant}`],
    receipt.id
  ].map((part) => SafeText.escape(part)).join("  ")

interface Sum {
  readonly key: string
  readonly messages: number
  readonly failed: number
  readonly fuel: number
  readonly micros: number
}

const keyOf = {
  component: ({ component }: MessageReceipt) => component,
  sender: ({ sender }: MessageReceipt) => nameOf(sender),
  tenant: ({ tenant }: MessageReceipt) => tenant ?? "-"
}

const added = (sums: Map<string, Sum>, key: string, { fuel = 0, nanos, outcome }: MessageReceipt) => {
  const former = sums.get(key) ?? { key, messages: 0, failed: 0, fuel: 0, micros: 0 }
  return sums.set(key, {
    key,
    messages: former.messages + 1,
    failed: former.failed + (outcome === "Failed" ? 1 : 0),
    fuel: former.fuel + fuel,
    micros: former.micros + Number(nanos) / 1000
  })
}

const sumLine = ({ failed, fuel, key, messages, micros }: Sum): string =>
  `${SafeText.escape(key)}  ${count(messages)} messages, ${count(failed)} failed  ${count(fuel)} fuel  ${
    count(Math.round(micros / 1000))
  } ms`

const flags = {
  folder: HostFlags.folder,
  component: Flag.String("component").pipe(Flag.withDescription("Handled by this one, acme:rates"), Flag.optional),
  sender: Flag.String("sender").pipe(
    Flag.withDescription("Sent by this one: host, operator:ada or acme:totals"),
    Flag.optional
  ),
  tenant: Flag.String("tenant").pipe(Flag.withDescription("On the account of this one"), Flag.optional),
  failed: Flag.Boolean("failed").pipe(
    Flag.withDescription("Only of messages in which the component was stopped"),
    Flag.withDefault(false)
  ),
  since: Flag.String("since").pipe(Flag.withDescription("Not before this time, 2026-03-01T12:00Z"), Flag.optional),
  until: Flag.String("until").pipe(Flag.withDescription("Not after this time"), Flag.optional),
  last: Flag.Int("last").pipe(
    Flag.withDescription("How many of the newest; by default all, in their order"),
    Flag.optional
  ),
  by: Flag.Literals("by", ["component", "sender", "tenant"]).pipe(
    Flag.withDescription("Print sums instead, one for each of these"),
    Flag.optional
  ),
  json: JsonLines.flag
}

const fileOf = Effect.fnUntraced(function*(folder: string) {
  const { options } = yield* HostFolder.read(folder, "Nothing was read.")
  if (options.receipts === false) {
    return yield* new ReceiptsUsage({ detail: "its airssys.toml keeps no receipts: remove receipts.keep = false" })
  }
  if (options.receipts !== undefined) return options.receipts
  if (options.folder === undefined) {
    return yield* new ReceiptsUsage({
      detail: "its airssys.toml has no folder, so receipts go with the host: add folder = \".airssys\""
    })
  }
  return (yield* NodeHostFolder.look(options.folder)).receipts
})

/** What is asked for, oldest first. */
const found = (query: ReceiptQuery, last: number | undefined) =>
  Stream.unwrap(Receipts.use(({ stream }) => {
    if (last === undefined) return Effect.succeed(stream({ ...query, limit: 1000 }))
    const newest = stream({ ...query, order: "Newest", limit: Math.min(last, 1000) }).pipe(Stream.take(last))
    return Effect.map(Stream.runCollect(newest), (all) => Stream.fromIterable(Array.from(all).toReversed()))
  }))

/**
 * @category models
 * @since 0.1.0
 */
export const command = Command.make(
  "receipts",
  flags,
  Effect.fnUntraced(function*({ by, component, failed, folder, json, last, sender, since, tenant, until }) {
    const most = Option.getOrUndefined(last)
    if (most !== undefined && most < 1) return yield* new ReceiptsUsage({ detail: "--last is a number from 1" })
    const query: ReceiptQuery = {
      since: yield* timeOf("since", since),
      until: yield* timeOf("until", until),
      component: Option.getOrUndefined(component),
      sender: Option.getOrUndefined(Option.map(sender, senderOf)),
      tenant: Option.getOrUndefined(tenant),
      outcome: failed ? "Failed" : undefined
    }
    const receipts = Stream.provide(found(query, most), NodeReceipts.layerReader(yield* fileOf(folder)))
    if (Option.isNone(by)) {
      return yield* Stream.runForEach(receipts, (one) => Console.log(json ? JsonLines.line(plain(one)) : line(one)))
    }
    const key = keyOf[by.value]
    const sums = yield* Stream.runFold(
      receipts,
      () => new Map<string, Sum>(),
      (sums, one) => added(sums, key(one), one)
    )
    for (const sum of [...sums.values()].toSorted((a, b) => b.fuel - a.fuel)) {
      yield* Console.log(json ? JsonLines.line({ ...sum, key: undefined, [by.value]: sum.key }) : sumLine(sum))
    }
  })
).pipe(
  Command.withDescription("Show what messages cost, who sent them and on whose account"),
  Command.withExamples([
    { command: "airssys receipts --last 20", description: "The last of the host in this folder" },
    { command: "airssys receipts --by tenant --since 2026-03-01", description: "What each tenant used since March" }
  ])
)
