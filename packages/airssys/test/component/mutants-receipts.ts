import { type Mutant, of } from "../../../../scripts/lib/mutants.ts"

const tests = "component/Receipts.test.ts"
const failing = "keeps what waits while the store fails"
const onceEach = "writes every receipt once"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("component/internal/receiptWriter.ts", tests, [
    ["what was written waits on", "this.#waiting.splice(0, batch.length)", "", onceEach],
    [
      "the buffer has no end",
      "this.#waiting.length >= this.#settings.buffer",
      "this.#waiting.length < 0",
      "finds room"
    ],
    ["a full buffer is not written", "Result.isFailure(this.#write())", "true", "finds room"],
    ["a store that fails is asked by each message", "this.#isFailing || Result", "Result", failing],
    ["what is dropped is not counted", "this.#dropped++", "", failing],
    ["what was dropped is counted again", "this.#dropped -= dropped", "", failing],
    ["a failure is the end of it", "Effect.andThen(tell, Effect.sleep(retryDelay))", "Effect.never", failing],
    ["much waits as long as little", "this.#many.openUnsafe()", "", "at once when it is much"],
    [
      "nobody forgets when nothing comes",
      "Effect.andThen(Effect.sleep(tidyEvery), tidied(writer))",
      "Effect.never",
      "forgets what is too old"
    ],
    ["the end waits for the disk", "duration: closing", "duration: \"1 hour\"", "closes in its time"],
    ["the end is silent", "Effect.logError(this.#loss, cause)", "Effect.void", "closes in its time"],
    ["a batch leaves too many", "return Result.map(this.tidy(), () => {})", "return taken", "keeps the newest"]
  ]),
  ...of("component/internal/receiptMemory.ts", tests, [
    ["a page looks at everything", "seen++ === looked", "false", "looks at no more than 10,000"],
    ["a page repeats its last receipt", "after - this.#first + step", "after - this.#first", "gives pages that join"]
  ]),
  ...of("component/ReceiptQuery.ts", tests, [
    ["a sender is known by its id alone", "expected._tag === sender._tag && ", "", "finds by component, sender"],
    [
      "a limit is any number",
      "if (!Number.isSafeInteger(limit) || limit < 1 || limit > largestLimit) {",
      "if (limit === -7) {",
      "refuses a limit"
    ],
    ["a cursor is any text", "cursor === undefined || place.test(cursor)", "cursor !== \"-7\"", "refuses a limit"]
  ]),
  ...of("component/internal/hostRun.ts", "component/accounts.test.ts", [
    ["runs of a host have one name", "Math.floor(part * 2 ** 32)", "Math.floor(part * 0)", "of two runs of a host"]
  ])
]
