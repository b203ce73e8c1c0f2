import { NodeHost } from "@airssys/platform-node"
import { NodeRuntime } from "@effect/platform-node"
import { Component, Grant } from "airssys"
import { Console, Effect, Layer } from "effect"
import { Discount } from "./discount.gen.ts"
import { price } from "./price.ts"

const DiscountLayer = Component.layer(Discount, "discount", {
  grants: [Grant.make("log", { reason: "Support wants to see which codes are used." })]
}).pipe(Layer.provide(NodeHost.layer()))

const program = Effect.gen(function*() {
  yield* Console.log(yield* price(2000, "SPRING"))
  yield* Console.log(yield* price(2000, "WINTER"))
})

NodeRuntime.runMain(Effect.provide(program, DiscountLayer))
