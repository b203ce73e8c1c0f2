import * as Capability from "airssys/security/Capability"
import type { CapabilityEnforcer } from "airssys/security/CapabilityEnforcer"
import type { CapabilityError } from "airssys/security/CapabilityError"
import type { ClockAccess } from "airssys/security/ClockAccess"
import { ClockAccess as Clock } from "airssys/security/ClockAccess"
import { Environment } from "airssys/security/Environment"
import { FileRead } from "airssys/security/FileRead"
import { FileWrite } from "airssys/security/FileWrite"
import { CurrentPrincipal, make } from "airssys/security/Principal"
import { Effect } from "effect"
import type { Option } from "effect"
import { describe, expect, test } from "tstyche"

declare const enforcer: CapabilityEnforcer["Service"]

interface Reader {
  readonly read: Effect.Effect<string>
}

class StorageRead extends Capability.Service<StorageRead, Reader>()("storage.read") {}
class FilesystemRead extends Capability.Service<FilesystemRead, Reader>()("filesystem.read") {}

const principal = make({ kind: "Host", id: "main" })
const secret = Environment.use((environment) => environment.get)
const both = Effect.andThen(StorageRead.use((_) => _.read), FilesystemRead.use((_) => _.read))

describe("an effect that needs a capability", () => {
  test("does not run without it", () => {
    expect(Effect.runPromise).type.not.toBeCallableWith(secret)
    expect(Effect.runFork).type.not.toBeCallableWith(secret)
  })

  test("does not run with only a principal", () => {
    expect(Effect.runPromise).type.not.toBeCallableWith(Effect.provideService(secret, CurrentPrincipal, principal))
  })

  test("does not run when the principal is forgotten", () => {
    expect(Effect.runPromise).type.not.toBeCallableWith(secret.pipe(enforcer.require(Environment.on("A"))))
  })

  test("runs when the capability is required and the principal is bound", () => {
    const discharged = secret.pipe(
      enforcer.require(Environment.on("A")),
      Effect.provideService(CurrentPrincipal, principal)
    )
    expect(discharged).type.toBe<Effect.Effect<Option.Option<string>, CapabilityError>>()
    expect(Effect.runPromise).type.toBeCallableWith(discharged)
  })
})

describe("require", () => {
  test("discharges one capability and leaves another of equal shape", () => {
    const one = both.pipe(enforcer.require(StorageRead.on("rates/today")))
    expect(one).type.toBe<Effect.Effect<string, CapabilityError, FilesystemRead | CurrentPrincipal>>()
    expect(Effect.runPromise).type.not.toBeCallableWith(Effect.provideService(one, CurrentPrincipal, principal))
    const two = one.pipe(enforcer.require(FilesystemRead.on("inbox:/a")))
    expect(two).type.toBe<Effect.Effect<string, CapabilityError, CurrentPrincipal>>()
  })

  test("discharges nothing that it does not name", () => {
    const other = secret.pipe(enforcer.require(Clock.on()))
    expect(other).type.toBe<Effect.Effect<Option.Option<string>, CapabilityError, Environment | CurrentPrincipal>>()
  })

  test("keeps the error in the type", () => {
    expect(secret.pipe(enforcer.require(Environment.on("A")))).type.not.toBeAssignableTo<
      Effect.Effect<Option.Option<string>, never, CurrentPrincipal>
    >()
  })
})

describe("a second class of a kind", () => {
  class Listing extends Capability.Service<Listing, Reader>()("storage.read", "listing") {}

  test("is not discharged with the first", () => {
    const needed = Effect.andThen(StorageRead.use((_) => _.read), Listing.use((_) => _.read))
    const one = needed.pipe(enforcer.require(StorageRead.on("rates")))
    expect(one).type.toBe<Effect.Effect<string, CapabilityError, Listing | CurrentPrincipal>>()
  })

  test("has the kind and the name in its key", () => {
    expect(Listing.key).type.toBe<"airssys/security/Capability/storage.read/listing">()
  })
})

describe("a power", () => {
  test("cannot be read from a request, nor given in place of another", () => {
    expect(Environment.on("A")).type.not.toHaveProperty("get")
    const forged = { read: Effect.succeed("x") }
    expect(Effect.runPromise).type.not.toBeCallableWith(Effect.provideService(secret, StorageRead, forged))
  })

  test("cannot be read outside of an effect that requires it", () => {
    expect(Environment).type.not.toHaveProperty("get")
    expect(Effect.runPromise).type.not.toBeCallableWith(Effect.map(Environment, (power) => power))
  })
})

describe("on", () => {
  test("takes a resource where the kind has one, and none where it has none", () => {
    expect(Environment.on).type.toBeCallableWith("A")
    expect(Environment.on).type.not.toBeCallableWith()
    expect(Clock.on).type.toBeCallableWith()
    expect(Clock.on).type.not.toBeCallableWith("A")
    expect(Clock.on()).type.toBe<Capability.Request<ClockAccess, ClockAccess["Service"]>>()
  })
})

describe("Capability.Service", () => {
  test("takes only kinds of the vocabulary", () => {
    const service = Capability.Service<StorageRead, Reader>()
    expect(service).type.toBeCallableWith("storage.read")
    expect(service).type.not.toBeCallableWith("storage.raed")
  })

  test("takes custom kinds", () => {
    const service = Capability.Service<StorageRead, Reader>()
    expect(service).type.toBeCallableWith("custom.printer")
    expect(service).type.not.toBeCallableWith("printer")
  })
})

describe("a rename", () => {
  test("takes the power to read what is moved, besides that to write it", () => {
    const moved = FileWrite.use((file) => file.rename("inbox:/b")).pipe(enforcer.require(FileWrite.on("inbox:/a")))
    const alone = Effect.provideService(moved, CurrentPrincipal, principal)
    expect(Effect.runPromise).type.not.toBeCallableWith(alone)
    expect(Effect.runPromise).type.toBeCallableWith(
      Effect.provideService(moved.pipe(enforcer.require(FileRead.on("inbox:/a"))), CurrentPrincipal, principal)
    )
  })
})
