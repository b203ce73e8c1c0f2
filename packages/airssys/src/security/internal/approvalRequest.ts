import type * as Digest from "effect/crypto/Digest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Approval from "../Approval.ts"
import { InvalidOptions, RequestRefused } from "../ApprovalError.ts"
import type { Options } from "../ApprovalQueue.ts"
import type * as ApprovalStatement from "../ApprovalStatement.ts"
import * as CapabilitySet from "../CapabilitySet.ts"
import type { PublicKey } from "../PublicKey.ts"
import * as capabilityRule from "./capabilityRule.ts"

const invalid = (detail: string): Result.Result<never, InvalidOptions> => Result.fail(new InvalidOptions({ detail }))

/** What the options of a host hold it to. */
export const rules = (options: Options): Result.Result<Approval.Rules, InvalidOptions> => {
  const operators = new Set(options.operators)
  const quorum = options.quorum ?? 1
  if (operators.size < options.operators.length) {
    return invalid("a key is there twice among the operators: a key is one operator")
  }
  if (operators.has(options.host)) {
    return invalid("the key of the host is among the operators: it signs what passes without them")
  }
  return Number.isInteger(quorum) && quorum >= 1 && quorum <= Math.max(1, operators.size)
    ? Result.succeed({ host: options.host, operators, quorum })
    : invalid(`a quorum is from 1 to the number of operators, which is ${operators.size}`)
}

const refuse = (reason: RequestRefused["reason"], detail: string): Effect.Effect<never, RequestRefused> =>
  Effect.fail(new RequestRefused({ reason, detail }))

/** Whether a host takes a request, whoever signed it. */
export const check = (asked: ApprovalStatement.Request, expected: {
  readonly host: PublicKey
  readonly now: number
  readonly longestRequest: number
}): Effect.Effect<void, RequestRefused, Digest.Digest> =>
  Effect.gen(function*() {
    if (asked.host !== expected.host) return yield* refuse("WrongHost", "it was signed for another host")
    if (expected.now >= asked.notAfter) return yield* refuse("Over", "it is past its time")
    if (asked.notAfter - expected.now > expected.longestRequest) {
      return yield* refuse(
        "Over",
        `it may wait for ${Duration.format(Duration.millis(expected.longestRequest))} at most`
      )
    }
    for (const { kind, patterns } of asked.wants) {
      const compiled = capabilityRule.compile(kind, patterns)
      if (Result.isFailure(compiled)) return yield* refuse("InvalidPattern", compiled.failure)
    }
    if ((yield* CapabilitySet.digest(asked.wants)) !== asked.capabilities) {
      return yield* refuse("WrongDigest", "its digest of capabilities is not of what it asks for")
    }
  })
