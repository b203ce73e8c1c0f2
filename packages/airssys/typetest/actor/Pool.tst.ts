import type { SpawnError } from "airssys/actor/ActorError"
import type { ActorRef } from "airssys/actor/ActorRef"
import type { ActorSystem } from "airssys/actor/ActorSystem"
import type { Behaviour } from "airssys/actor/Behaviour"
import * as Pool from "airssys/actor/Pool"
import type { StartError } from "airssys/actor/SupervisorError"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { describe, expect, test } from "tstyche"

interface Db {
  readonly _: unique symbol
}
declare const behaviour: Behaviour<string, "broken", Db | Scope.Scope>

describe("Pool", () => {
  test("keeps the message, the error and the requirements of its behaviour", () => {
    const pool = Pool.make({ id: "pool", size: 1, behaviour })
    expect(Pool.start(pool)).type.toBe<
      Effect.Effect<Pool.Handle<string, "broken">, "broken" | StartError, ActorSystem | Scope.Scope | Db>
    >()
    expect<Pool.Handle<string>["ref"]>().type.toBe<ActorRef<string>>()
    expect<SpawnError>().type.toBeAssignableTo<StartError>()
  })

  test("a key is taken from its messages", () => {
    const byLength = Pool.consistentHash((message: string) => message.length)
    expect(Pool.make).type.toBeCallableWith({ id: "pool", size: 1, behaviour, routing: byLength })
    const byYear = Pool.consistentHash((message: Date) => message.getFullYear())
    expect(Pool.make).type.not.toBeCallableWith({ id: "pool", size: 1, behaviour, routing: byYear })
  })
})
