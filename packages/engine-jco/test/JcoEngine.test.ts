import * as NodeWorkerHost from "@airssys/platform-node/NodeWorkerHost"
import { assert, describe, it } from "@effect/vitest"
import * as ComponentEngineTest from "airssys/testing/ComponentEngineTest"
import { Effect, Layer } from "effect"
import { Base64 } from "effect/encoding"
import { contractComponent } from "../../airssys/src/testing/internal/contractComponent.ts"
import * as JcoEngine from "../src/JcoEngine.ts"
import { build } from "./contractGuest.ts"

const engine = JcoEngine.layer.pipe(Layer.provide(NodeWorkerHost.layer))

ComponentEngineTest.suite("jco", engine)

describe("the contract's component", () => {
  it.live("is the one in the source", () =>
    Effect.gen(function*() {
      assert.strictEqual(Base64.encode(yield* Effect.promise(build)), contractComponent)
    }))
})
