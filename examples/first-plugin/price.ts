import { Effect } from "effect"
import { Discount } from "./discount.gen.ts"

export const price = Effect.fnUntraced(function*(cents: number, code: string) {
  const discount = yield* Discount
  const percent = yield* discount.percent(code).pipe(
    Effect.catchTag(["acme:discount/UnknownCode", "acme:discount/Ended"], () => Effect.succeed(0))
  )
  return Math.round(cents * (100 - percent) / 100)
})
