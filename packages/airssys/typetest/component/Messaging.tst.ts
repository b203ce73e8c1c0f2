import { Borsh, Codec, Messaging } from "airssys/component"
import { type Effect, Schema } from "effect"
import { describe, expect, it } from "tstyche"

const Order = Codec.schema("cbor", Schema.Struct({ sku: Schema.String }))
const Total = Codec.borsh(Borsh.struct({ cents: Borsh.u64, note: Borsh.option(Borsh.string) }))

describe("messages of a host program", () => {
  it("are values of their codec, and so are replies", () => {
    const request = Messaging.Messaging.use((messaging) =>
      messaging.request("acme:totals", { sku: "pen" }, { sends: Order, receives: Total, timeout: "1 second" })
    )
    expect<Effect.Success<typeof request>>().type.toBe<
      { readonly cents: bigint; readonly note: string | undefined }
    >()
    expect<Effect.Error<typeof request>>().type.toBe<Messaging.MessagingError>()
  })

  it("do not compile with values of another type", () => {
    const messaging = null as unknown as Messaging.Messaging["Service"]
    expect(messaging.send).type.not.toBeCallableWith("acme:totals", { sku: 1 }, Order)
    expect(messaging.publish).type.not.toBeCallableWith("orders", { cents: 1, note: "x" }, Total)
  })

  it("of a codec that does not describe itself need a type, not a schema", () => {
    expect(Codec.schema).type.not.toBeCallableWith("borsh", Schema.String)
  })
})
