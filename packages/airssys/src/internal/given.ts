/** What a program without a compiler may get wrong. */
import * as Argument from "../component/Argument.ts"
import * as Contract from "../component/Contract.ts"
import type { CallOptions } from "../PromiseRuntime.ts"

export const contract: Argument.Check = Argument.value(
  "a contract, as it is generated or as Contract.Service makes it",
  Contract.isContract
)

export const component: Argument.Check = Argument.value(
  `the id of a component, such as "acme:rates"`,
  (given) => typeof given === "string"
)

const isSignal = (given: unknown): boolean =>
  typeof given === "object" && given !== null && "aborted" in given && typeof given.aborted === "boolean" &&
  "throwIfAborted" in given && typeof given.throwIfAborted === "function" &&
  "addEventListener" in given && typeof given.addEventListener === "function"

/** `CallOptions` of promises. */
export const call: Argument.Check = Argument.optional(
  Argument.options<CallOptions>({
    signal: Argument.optional(Argument.value("the signal of an AbortController", isSignal))
  })
)
