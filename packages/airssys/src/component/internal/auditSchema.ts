import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { check } from "./decodeToml.ts"
import { durationOf, pathOfHost, quote, sizeOf, text, timeOf, wholeNumber } from "./fieldSchema.ts"

const kibibyte = 1024
const gibibyte = 1024 * 1024 * kibibyte

const longestFlush = Duration.millis(50)

const FlushEvery = text({
  expected: "a length of time such as \"20 ms\"",
  description: "The longest time that a use waits to be written: 1 to 50 ms. Default 20 ms.",
  keywords: { pattern: "^[0-9]{1,2} ?ms$" }
}, (value) => {
  const duration = durationOf(value)
  return duration === undefined || Duration.isZero(duration) || Duration.isGreaterThan(duration, longestFlush)
    ? { problem: `${quote(value)} is no time of 1 to 50 ms`, hint: "write \"20 ms\"" }
    : undefined
})

const days = (description: string) => wholeNumber("days", 1, 36_500, description)

const atLeastOne = (table: object) =>
  Object.keys(table).length === 0 ? { problem: "the table says nothing", hint: "leave it out" } : undefined

const isName = (value: string): boolean => value.length <= 256 && /^[^\s+\p{C}]+$/u.test(value)

const Checkpoints = Schema.Struct({
  origin: text({
    expected: "a name such as \"example.com/host-1/audit\"",
    description: "Names the log and its key in checkpoints.",
    keywords: { minLength: 1, maxLength: 256 }
  }, (value) =>
    isName(value)
      ? undefined
      : { problem: "an origin has 1 to 256 characters, no spaces and no \"+\"", hint: "write \"example.com/audit\"" }),
  key: pathOfHost("File of the key that signs checkpoints. It is made if there is none."),
  witnesses: Schema.optionalKey(
    Schema.Array(pathOfHost("A file, best on another disk than the log.")).annotate({ expected: "a list of files" })
  ),
  console: Schema.optionalKey(Schema.Boolean.annotate({ description: "Writes checkpoints to standard output, too." })),
  every: Schema.optionalKey(timeOf("How often, if something was recorded. Default 1 min.")),
  required: Schema.optionalKey(
    Schema.Boolean.annotate({
      description: "Does not start while a witness cannot be reached. Default: it is recorded."
    })
  )
}).check(check(({ console, witnesses = [] }) =>
  witnesses.length > 8
    ? { problem: "there are more than 8 witnesses", hint: "leave some out" }
    : witnesses.length === 0 && console !== true
    ? { problem: "checkpoints have no witness", hint: "add witnesses = [\"...\"] or console = true" }
    : undefined
))

/** The table `[audit]`. */
export const Audit = Schema.Struct({
  file: Schema.optionalKey(
    pathOfHost(
      "Where the audit log is kept, a SQLite database if it ends in .sqlite. Default: in the folder of the host, or in memory."
    )
  ),
  capacity: Schema.optionalKey(
    wholeNumber("capacity", 1, 1_048_576, "The most uses that wait to be written. Default 4096.")
  ),
  "flush-every": Schema.optionalKey(FlushEvery),
  quota: Schema.optionalKey(
    Schema.Struct({
      "per-second": Schema.optionalKey(
        sizeOf("What uses of one principal write. Default 1 MiB;", kibibyte, gibibyte, "1 KiB to 1 GiB")
      ),
      burst: Schema.optionalKey(
        sizeOf("What they write at once. Default 8 MiB;", kibibyte, gibibyte, "1 KiB to 1 GiB")
      )
    }).check(check(atLeastOne))
  ),
  rotate: Schema.optionalKey(
    Schema.Struct({
      size: Schema.optionalKey(
        sizeOf("Of a segment, then another is begun. Default 64 MiB;", 4 * kibibyte, 4 * gibibyte, "4 KiB to 4 GiB")
      ),
      days: Schema.optionalKey(days("Age of the first entry of a segment, then another is begun. Default: never."))
    }).check(check(atLeastOne))
  ),
  retain: Schema.optionalKey(
    Schema.Struct({
      segments: Schema.optionalKey(
        wholeNumber("segments", 1, 1_000_000, "The most segments that are kept. Default: all.")
      ),
      days: Schema.optionalKey(days("Age of the newest entry in a segment that is kept. Default: any."))
    }).check(check(atLeastOne))
  ),
  checkpoints: Schema.optionalKey(Checkpoints)
})
