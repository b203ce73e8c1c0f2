import * as HostFunction from "airssys/component/HostFunction"
import * as Wit from "airssys/component/Wit"
import * as Capability from "airssys/security/Capability"
import { CurrentPrincipal } from "airssys/security/Principal"
import { StorageRead } from "airssys/security/StorageRead"
import { StorageWrite } from "airssys/security/StorageWrite"
import { Effect } from "effect"
import { describe, expect, test } from "tstyche"

const error = Wit.variant({ "access-denied": undefined, "failed": Wit.string })
const get = {
  wit: "acme:store/store@1.0.0#get",
  params: { "store-name": Wit.string, key: Wit.string },
  result: Wit.result(Wit.option(Wit.bytes), error)
}
const read = StorageRead.use((storage) => storage.get()).pipe(
  Effect.as<Uint8Array | undefined>(undefined),
  Effect.catchTag("StorageError", ({ detail }) => Effect.fail({ tag: "failed", val: detail } as const))
)

describe("HostFunction.make", () => {
  test("gives the handler the powers of what is required", () => {
    expect(HostFunction.make).type.toBeCallableWith(get, {
      requires: [StorageRead.on((input: { readonly key: string }) => input.key)],
      fuel: 1,
      handler: () => read
    })
  })

  test("refuses a handler that uses a power that is not required", () => {
    expect(HostFunction.make).type.not.toBeCallableWith(get, {
      requires: [StorageWrite.on("key")],
      fuel: 1,
      handler: () => read
    })
    expect(HostFunction.make).type.not.toBeCallableWith(get, {
      requires: Capability.none("nobody minds"),
      fuel: 1,
      handler: () => read
    })
    expect(HostFunction.make).type.not.toBeCallableWith(get, { requires: [], fuel: 1, handler: () => read })
  })

  test("refuses a handler that needs a service", () => {
    class Clock extends Capability.Service<Clock, number>()("custom.clock") {}
    expect(HostFunction.make).type.not.toBeCallableWith(get, {
      requires: [StorageRead.on("key")],
      fuel: 1,
      handler: () => Effect.andThen(Effect.service(Clock), read)
    })
  })

  test("gives requirements and handler the input of the signature", () => {
    HostFunction.make(get, {
      requires: [
        StorageRead.on((input) => {
          expect(input).type.toBe<{ readonly storeName: string; readonly key: string }>()
          return input.key
        })
      ],
      fuel: 1,
      handler: (input) => {
        expect(input).type.toBe<{ readonly storeName: string; readonly key: string }>()
        return Effect.andThen(Effect.service(CurrentPrincipal), read)
      }
    })
  })

  test("refuses a success and a failure of other types than the signature says", () => {
    const requires = [StorageRead.on("key")] as const
    expect(HostFunction.make).type.not.toBeCallableWith(get, { requires, fuel: 1, handler: () => Effect.succeed("a") })
    expect(HostFunction.make).type.not.toBeCallableWith(get, { requires, fuel: 1, handler: () => Effect.fail("no") })
  })

  test("takes no function without the reason for which it requires nothing", () => {
    expect(HostFunction.make).type.not.toBeCallableWith(get, { fuel: 1, handler: () => Effect.succeed(undefined) })
    expect(Capability.none).type.not.toBeCallableWith()
  })
})

describe("HostFunction.sync", () => {
  test("takes values of the signature's result and nothing that waits", () => {
    const now = { wit: "acme:clock/clock@1.0.0#now", params: {}, result: Wit.u64 }
    const requires = Capability.none("anybody may know it")
    expect(HostFunction.sync).type.toBeCallableWith(now, { requires, fuel: 1, handler: () => () => 1n })
    expect(HostFunction.sync).type.not.toBeCallableWith(now, { requires, fuel: 1, handler: () => () => 1 })
    expect(HostFunction.sync).type.not.toBeCallableWith(now, {
      requires,
      fuel: 1,
      handler: () => () => Effect.succeed(1n)
    })
  })
})

describe("Wit", () => {
  test("has the values of its types", () => {
    expect<Wit.Value<typeof error>>().type.toBe<
      | { readonly tag: "access-denied"; readonly val?: undefined }
      | { readonly tag: "failed"; readonly val: string }
    >()
    const record = Wit.record({ "wants-reply": Wit.bool, ids: Wit.list(Wit.u64) })
    expect<Wit.Value<typeof record>>().type.toBe<
      { readonly wantsReply: boolean; readonly ids: ReadonlyArray<bigint> }
    >()
  })
})
