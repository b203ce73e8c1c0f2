import { assert, describe, it } from "@effect/vitest"
import * as Ask from "airssys/security/Ask"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import type * as CapabilityKind from "airssys/security/CapabilityKind"
import * as Grant from "airssys/security/Grant"
import * as Log from "airssys/security/Log"
import * as MessagingSend from "airssys/security/MessagingSend"
import * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import { Effect, Layer, Logger, References } from "effect"

const rates = Principal.make({ kind: "Component", id: "acme:rates@1.2.0", label: "acme:rates 1.2.0" })

const admitted = <A, E>(
  source: Powers.Source,
  kind: CapabilityKind.CapabilityKind,
  patterns: ReadonlyArray<string>,
  test: (
    enforcer: CapabilityEnforcer.CapabilityEnforcer["Service"]
  ) => Effect.Effect<A, E, Principal.CurrentPrincipal>
) =>
  Effect.gen(function*() {
    const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
    yield* enforcer.admit(rates, {
      asks: [Ask.make({ kind, patterns, reason: "x", place: { file: "Component.toml", line: 1 } })],
      grants: [Grant.make(kind, patterns, { reason: "x" })]
    })
    return yield* test(enforcer)
  }).pipe(
    Effect.provideService(Principal.CurrentPrincipal, rates),
    Effect.provide(Layer.provide(CapabilityEnforcer.layerTest, Powers.layer(source)))
  )

describe("Log", () => {
  it.effect("writes in the name of the principal, escaped and at its level", () => {
    const lines: Array<unknown> = []
    const logger = Logger.make((options) => {
      lines.push([options.logLevel, options.message, options.fiber.getRef(References.CurrentLogAnnotations)])
    })
    return admitted(
      Log.source,
      "log",
      [],
      (enforcer) =>
        Log.Log.use((log) => log.write("Warn", "rate\u001b[2J\nDENIED")).pipe(enforcer.require(Log.Log.on()))
    ).pipe(
      Effect.provide(Logger.layer([logger])),
      Effect.andThen(Effect.sync(() =>
        assert.deepStrictEqual(lines, [
          ["Warn", ["rate\\u{1b}[2J\\u{a}DENIED"], { principal: "acme:rates 1.2.0" }]
        ])
      ))
    )
  })
})

describe("MessagingSend", () => {
  it.effect("delivers to the recipient that was required, from the principal, and not after a revocation", () => {
    const delivered: Array<string> = []
    const source = MessagingSend.source(({ payload, recipient, sender }) => {
      delivered.push(`${sender.id} -> ${recipient}: ${payload.length}`)
      return Effect.void
    })
    return admitted(source, "messaging.send", ["acme:totals"], (enforcer) =>
      Effect.gen(function*() {
        const messaging = yield* MessagingSend.MessagingSend
        yield* messaging.send(new Uint8Array(3))
        yield* enforcer.revoke(rates, { reason: "over" })
        assert.strictEqual((yield* Effect.flip(messaging.send(new Uint8Array(4))))._tag, "CapabilityError")
        assert.deepStrictEqual(delivered, ["acme:rates@1.2.0 -> acme:totals: 3"])
      }).pipe(enforcer.require(MessagingSend.MessagingSend.on("acme:totals"))))
  })
})
