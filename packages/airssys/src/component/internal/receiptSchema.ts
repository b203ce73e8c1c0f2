import * as Schema from "effect/Schema"
import { checkKeys } from "./decodeToml.ts"
import { pathOfHost, timeOf, wholeNumber } from "./fieldSchema.ts"

/** The table `[receipts]`. */
export const Receipts = Schema.Struct({
  keep: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Whether there are receipts at all. Default true." })
  ),
  file: Schema.optionalKey(
    pathOfHost(
      "Where receipts of messages are kept, a SQLite database. Default: in the folder of the host, or in memory."
    )
  ),
  count: Schema.optionalKey(
    wholeNumber("count", 1, 1_000_000_000, "The most that are kept. Default 1000000, in memory 10000.")
  ),
  days: Schema.optionalKey(wholeNumber("days", 1, 36_500, "How long they are kept. Default: while there is room.")),
  buffer: Schema.optionalKey(
    wholeNumber("buffer", 1, 1_048_576, "The most that wait to be written; more are dropped. Default 8192.")
  ),
  within: Schema.optionalKey(timeOf("The longest time that one waits to be written. Default 50 ms."))
}).check(checkKeys((table) => {
  const other = Object.keys(table).find((key) => key !== "keep")
  return table.keep !== false || other === undefined ? [] : [{
    path: [other],
    problem: { problem: "no receipts are kept", hint: "remove this, or keep = false" }
  }]
}))
