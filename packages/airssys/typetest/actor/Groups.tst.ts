import type { ActorRef } from "airssys/actor/ActorRef"
import * as Groups from "airssys/actor/Groups"
import * as Protocol from "airssys/actor/Protocol"
import type * as Effect from "effect/Effect"
import { describe, expect, test } from "tstyche"

const Work = Protocol.make({ Do: { payload: {} } })
type Work = Protocol.Message<typeof Work>

declare const groups: Groups.Groups["Service"]
declare const worker: ActorRef<Work>
declare const other: ActorRef<{ readonly _tag: "Other" }>
const group = Groups.make(Work, "workers")

describe("Groups", () => {
  test("an actor that does not take the messages of a group cannot join it", () => {
    expect(groups.join).type.toBeCallableWith(group, worker)
    expect(groups.join).type.not.toBeCallableWith(group, other)
    expect(groups.members(group)).type.toBe<Effect.Effect<ReadonlyArray<ActorRef<Work>>>>()
  })
})
