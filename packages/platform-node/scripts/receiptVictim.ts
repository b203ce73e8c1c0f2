/**
 * A process that keeps receipts until it is killed: `receiptVictim.ts <path>
 * <life>`. It prints `open` when the store is, and then the number of the last
 * receipt that a flush has made durable.
 */
import { Receipts, Sink } from "airssys/component/Receipts"
import * as Effect from "effect/Effect"
import { writeSync } from "node:fs"
import * as NodeReceipts from "../src/NodeReceipts.ts"
import { receiptOf } from "../test/receiptSamples.ts"

const [path = "", life = ""] = process.argv.slice(2)

const say = (line: string): void => void writeSync(1, `${line}\n`)

const program = Effect.gen(function*() {
  const sink = yield* Sink
  const receipts = yield* Receipts
  say("open")
  for (let number = 0, round = 1;; round++) {
    for (let one = 0; one < (round * 37) % 701; one++) sink?.offer(receiptOf(life, number++))
    if (round % 3 === 0) {
      yield* receipts.flush
      say(String(number - 1))
    } else yield* Effect.sleep(round % 3)
  }
})

await Effect.runPromise(Effect.provide(program, NodeReceipts.layer(path, { within: "2 millis" })))
