/**
 * Kills a process that keeps receipts, over and over at moments that a seed
 * decides, and compares what it was told is durable with what is there.
 */
import type { MessageReceipt } from "airssys/component/Receipt"
import { Receipts } from "airssys/component/Receipts"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import * as NodeReceipts from "../src/NodeReceipts.ts"
import { receiptOf } from "../test/receiptSamples.ts"
import { killedLife } from "./killedLife.ts"
import { victimBundle } from "./victimBundle.ts"

interface Life {
  readonly name: string
  /** The number of the last receipt that was durable; -1 where none was. */
  readonly last: number
}

/** Each life has left its receipts without a gap up to the last that was durable or further, one life after the other. */
const problemsOf = (lives: ReadonlyArray<Life>, found: ReadonlyArray<MessageReceipt>): ReadonlyArray<string> => {
  const problems: Array<string> = []
  let at = 0
  for (const { last, name } of lives) {
    let number = 0
    while (at < found.length && isDeepStrictEqual(found[at], receiptOf(name, number))) {
      at++
      number++
    }
    if (number <= last) problems.push(`${name}: ${last} was durable, and ${number} is not there`)
  }
  if (at < found.length) problems.push(`${found[at]!.id} is there, and is not as it was offered`)
  return problems
}

const all = Effect.gen(function*() {
  const receipts = yield* Receipts
  const found = Array.from(yield* Stream.runCollect(receipts.stream({ limit: 1000 })))
  const { dropped, kept } = yield* receipts.metrics
  return { found, isCounted: kept === found.length && dropped === 0 }
})

export interface Report {
  readonly kills: number
  readonly durable: number
  readonly problems: ReadonlyArray<string>
}

/** Kills a keeper so many times, all on one store. */
export const kill = async (kills: number, seed: number): Promise<Report> => {
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
  const folder = mkdtempSync(join(tmpdir(), "airssys-receipts-"))
  const victim = victimBundle("./receiptVictim.ts", folder)
  const path = join(folder, "receipts.db")
  const lives: Array<Life> = []
  const problems: Array<string> = []
  for (let done = 0; done < kills; done++) {
    const afterOpen = random() < 0.9
    const name = `life${done}`
    const lines = await killedLife([victim, path, name], random() * (afterOpen ? 80 : 250), afterOpen)
    lives.push({ name, last: Number(lines.at(-1) ?? -1) })
    const { found, isCounted } = await Effect.runPromise(Effect.provide(all, NodeReceipts.layer(path)))
    problems.push(...problemsOf(lives, found).map((problem) => `kill ${done}: ${problem}`))
    if (!isCounted) problems.push(`kill ${done}: the store counts otherwise`)
  }
  rmSync(folder, { recursive: true, force: true })
  return { kills, durable: lives.reduce((sum, { last }) => sum + last + 1, 0), problems }
}
