/**
 * What every implementation of `ApprovalStore` has to do.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Approval, State } from "../security/Approval.ts"
import * as ApprovalStore from "../security/ApprovalStore.ts"
import type { PublicKey } from "../security/PublicKey.ts"

const digest = (text: string): string => `sha256:${text.repeat(64).slice(0, 64)}`
const key = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" as PublicKey
const signed = {
  text: "airssys/approval-request/1\n{}\n",
  signatures: [{ key, signature: "A".repeat(86) }]
}

const approval = (id: string, options: {
  readonly nonce?: string | undefined
  readonly component?: string | undefined
  readonly revision?: number | undefined
  readonly state?: State | undefined
} = {}): Approval => ({
  id: digest(id),
  request: signed,
  asked: {
    host: key,
    nonce: (options.nonce ?? id).repeat(22).slice(0, 22),
    component: options.component ?? "acme:rates",
    version: "1.0.0",
    artifact: digest("a"),
    manifest: digest("b"),
    capabilities: digest("c"),
    wants: [{ kind: "storage.read", patterns: ["rates/**"], reason: "__proto__ \u202e \u{1f600}" }],
    limits: { memory: 1024 * 1024, fuel: 1000 },
    reason: "Needed.",
    issued: 0,
    notAfter: 1_000
  },
  requesters: [key],
  level: "Unknown",
  revision: options.revision ?? 0,
  isRecorded: false,
  state: options.state ?? { _tag: "Pending" }
})

const denied: State = { _tag: "Denied", denial: signed, reason: "no" }

/**
 * Registers the tests. Each call of `layer` gives an empty store.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(name: string, layer: () => Layer.Layer<ApprovalStore.ApprovalStore, E>): void => {
  const run = <A, E2>(test: (store: ApprovalStore.ApprovalStore["Service"]) => Effect.Effect<A, E2>) =>
    Effect.provide(Effect.flatMap(ApprovalStore.ApprovalStore, test), layer())

  describe(`ApprovalStore (${name})`, () => {
    it.effect("gives back what was put in, and nothing for another id", () =>
      run((store) =>
        Effect.gen(function*() {
          for (const made of [approval("1"), approval("2", { state: denied })]) {
            assert.isTrue(yield* store.insert(made))
            assert.deepStrictEqual(yield* store.get(made.id), made)
          }
          assert.isUndefined(yield* store.get(digest("3")))
          assert.isUndefined(yield* store.get("__proto__"))
        })
      ))

    it.effect("takes an id and a nonce once", () =>
      run((store) =>
        Effect.gen(function*() {
          assert.isTrue(yield* store.insert(approval("1")))
          assert.isFalse(yield* store.insert(approval("1", { nonce: "2" })))
          assert.isFalse(yield* store.insert(approval("2", { nonce: "1" })))
          assert.isUndefined(yield* store.get(digest("2")))
        })
      ))

    it.effect("replaces a record only by the one that follows it", () =>
      run((store) =>
        Effect.gen(function*() {
          yield* store.insert(approval("1"))
          assert.isFalse(yield* store.update(approval("1", { revision: 0, state: denied })))
          assert.isFalse(yield* store.update(approval("1", { revision: 2, state: denied })))
          assert.isFalse(yield* store.update(approval("2", { revision: 1, state: denied })))
          assert.isTrue(yield* store.update(approval("1", { revision: 1, state: denied })))
          assert.isFalse(yield* store.update(approval("1", { revision: 1 })))
          assert.strictEqual((yield* store.get(digest("1")))?.state._tag, "Denied")
        })
      ))

    it.effect("lets one of many concurrent updates win", () =>
      run((store) =>
        Effect.gen(function*() {
          yield* store.insert(approval("1"))
          const won = yield* Effect.forEach(
            Array.from({ length: 20 }, (_, index) => index),
            () => store.update(approval("1", { revision: 1, state: denied })),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(won.filter((_) => _).length, 1)
        })
      ))

    it.effect("finds what the audit log does not have", () =>
      run((store) =>
        Effect.gen(function*() {
          yield* store.insert(approval("1"))
          yield* store.insert(approval("2"))
          yield* store.recorded(digest("1"), 0)
          const idsOf = (isRecorded: boolean) =>
            Effect.map(store.list({ isRecorded }), ({ approvals }) => approvals.map(({ id }) => id))
          assert.deepStrictEqual(yield* idsOf(true), [digest("1")])
          assert.deepStrictEqual(yield* idsOf(false), [digest("2")])
          yield* store.update(approval("1", { revision: 1, state: denied }))
          assert.deepStrictEqual(yield* idsOf(false), [digest("1"), digest("2")])
        })
      ))

    it.effect("marks the revision that it names, and no other", () =>
      run((store) =>
        Effect.gen(function*() {
          yield* store.insert(approval("1"))
          assert.isFalse(yield* store.recorded(digest("1"), 1))
          assert.isFalse(yield* store.recorded(digest("2"), 0))
          assert.strictEqual((yield* store.get(digest("1")))?.isRecorded, false)
          assert.isTrue(yield* store.recorded(digest("1"), 0))
          assert.deepStrictEqual(yield* store.get(digest("1")), { ...approval("1"), isRecorded: true })
        })
      ))

    it.effect("lists in the order of arrival, page by page, what a query names", () =>
      run((store) =>
        Effect.gen(function*() {
          const ids = ["1", "2", "3", "4", "5"]
          for (const id of ids) {
            const component = id === "3" ? "acme:totals" : "acme:rates"
            yield* store.insert(approval(id, { component, state: id === "4" ? denied : undefined }))
          }
          const all = (query: ApprovalStore.Query) =>
            Effect.gen(function*() {
              const found: Array<string> = []
              let after: string | undefined
              do {
                const page: ApprovalStore.Page = yield* store.list({ ...query, after })
                for (const { id } of page.approvals) found.push(id)
                after = page.next
              } while (after !== undefined)
              return found
            })
          assert.deepStrictEqual(yield* all({}), ids.map(digest))
          assert.deepStrictEqual(yield* all({ limit: 2 }), ids.map(digest))
          assert.deepStrictEqual(yield* all({ limit: 1, states: ["Denied"] }), [digest("4")])
          assert.deepStrictEqual(yield* all({ limit: 1, states: ["Pending", "Denied"], component: "acme:rates" }), [
            digest("1"),
            digest("2"),
            digest("4"),
            digest("5")
          ])
          assert.deepStrictEqual(yield* all({ component: "acme:totals" }), [digest("3")])
          assert.deepStrictEqual(yield* all({ artifact: digest("b") }), [])
          assert.deepStrictEqual(yield* all({ states: [] }), [])
        })
      ))
  })
}
