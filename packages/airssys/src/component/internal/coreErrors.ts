import * as Schema from "effect/Schema"
import type { Undeliverable } from "../../security/Undeliverable.ts"
import { CoreError } from "../GuestError.ts"

const isCoreError = Schema.is(CoreError)

/** What a guest is told of a message that was not taken or not answered. */
export const of = ({ answer, detail, reason, to }: Undeliverable): CoreError => {
  switch (reason) {
    case "NotFound":
      return { tag: "not-found" }
    case "Refused":
      return { tag: "access-denied" }
    case "Malformed":
    case "CodecNotDeclared":
    case "CodecNotAccepted":
      return { tag: "invalid-argument", val: `payload for ${to}: ${detail}` }
    case "TooLarge":
    case "RateLimited":
    case "Busy":
    case "TooMany":
      return { tag: "exhausted" }
    case "TimedOut":
      return { tag: "timed-out" }
    case "Cycle":
    case "Stopped":
      return { tag: "unavailable" }
    case "Answered":
      return isCoreError(answer) ? answer : { tag: "failed", val: detail }
    case "NoReply":
    case "Failed":
      return { tag: "failed", val: detail }
  }
}
