/** What a guest answered, as the value or the typed failure that its contract names. */
import * as Effect from "effect/Effect"
import type { Failure, FailureClass, Failures, FunctionContract } from "../Contract.ts"

interface ResultValue {
  readonly tag: "ok" | "err"
  readonly val?: unknown
}

export const settle = (target: FunctionContract, value: unknown): Effect.Effect<unknown, Failure> => {
  const result = value as ResultValue
  return result.tag === "ok" ? Effect.succeed(result.val) : Effect.fail(toFailure(target.failures, result.val))
}

const toFailure = (failures: Failures, val: unknown): Failure => {
  switch (failures._tag) {
    case "None":
      throw new TypeError("a function without failures has no error to map")
    case "Single":
      return construct(failures.failure, val)
    case "Cases": {
      const [name, payload] = typeof val === "string"
        ? [val, undefined]
        : [(val as CaseValue).tag, (val as CaseValue).val]
      const Case = failures.cases.get(name)
      if (Case === undefined) throw new TypeError(`the contract has no failure for case ${JSON.stringify(name)}`)
      return construct(Case, payload)
    }
  }
}

interface CaseValue {
  readonly tag: string
  readonly val?: unknown
}

const construct = (Class: FailureClass, value: unknown): Failure =>
  new Class((value === undefined ? undefined : { value }) as never)
