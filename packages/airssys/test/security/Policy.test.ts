import { assert, describe, it } from "@effect/vitest"
import * as Acl from "airssys/security/Acl"
import type { CapabilityKind } from "airssys/security/CapabilityKind"
import * as Policy from "airssys/security/Policy"
import * as Principal from "airssys/security/Principal"
import * as Rbac from "airssys/security/Rbac"
import { Arbitrary, Effect, Result, Schema } from "effect"

const request = (
  id: string,
  kind: CapabilityKind = "clock",
  resource = "",
  attributes: Record<string, string> = {}
): Policy.Request => ({
  principal: Principal.make({ kind: "Component", id }),
  attributes: new Map(Object.entries(attributes)),
  kind,
  resource
})

const verdict = (policy: Policy.Policy, ...asked: Parameters<typeof request>) => policy.evaluate(request(...asked))._tag

const entry = (effect: "allow" | "deny", id: string, rest: Partial<Acl.Entry> = {}): Acl.Entry => ({
  effect,
  principal: { id },
  permissions: "everything",
  reason: "because",
  ...rest
})

const read = (...patterns: ReadonlyArray<string>) => [{ kind: "storage.read" as const, patterns }]

describe("Policy", () => {
  const permits = Policy.make("yes", () => Policy.permit("yes", "1"))
  const denies = Policy.make("no", () => Policy.deny("no", "1", "never"))
  const silent = Policy.make("silent", () => Policy.abstain)

  it("denies where one of several denies, wherever it stands", () => {
    for (const policies of [[permits, denies], [denies, permits], [silent, denies, permits]]) {
      assert.deepStrictEqual(Policy.all("all", policies).evaluate(request("acme:rates")), {
        _tag: "Deny",
        by: { policy: "no", rule: "1" },
        because: "never"
      })
    }
    assert.strictEqual(verdict(Policy.all("all", [silent, permits]), "acme:rates"), "Permit")
    assert.strictEqual(verdict(Policy.all("all", [silent, silent]), "acme:rates"), "Abstain")
    assert.strictEqual(verdict(Policy.all("all", []), "acme:rates"), "Abstain")
  })

  it("denies what no rule permits where it is required", () => {
    assert.strictEqual(verdict(Policy.required(silent), "acme:rates"), "Deny")
    assert.strictEqual(verdict(Policy.required(permits), "acme:rates"), "Permit")
    assert.strictEqual(verdict(Policy.required(Policy.all("all", [])), "acme:rates"), "Deny")
  })

  it("denies where a policy throws or says nothing that is a verdict", () => {
    const hostile: ReadonlyArray<() => unknown> = [
      () => {
        throw new Error("no")
      },
      () => undefined,
      () => null,
      () => true,
      () => ({ _tag: "permit" }),
      () => Promise.resolve(Policy.permit("p", "1"))
    ]
    for (const evaluate of hostile) {
      const policy = Policy.make("p", evaluate as () => Policy.Verdict)
      assert.strictEqual(verdict(policy, "acme:rates"), "Deny")
      assert.strictEqual(verdict(Policy.all("all", [permits, policy]), "acme:rates"), "Deny")
      const written = { name: "p", evaluate: evaluate as () => Policy.Verdict }
      assert.strictEqual(verdict(Policy.all("all", [permits, written]), "acme:rates"), "Deny")
      assert.strictEqual(verdict(Policy.required(written), "acme:rates"), "Deny")
    }
  })
})

describe("Acl", () => {
  it("lets an entry that denies win, in whichever order they stand", () => {
    const entries = [entry("allow", "acme:*"), entry("deny", "acme:rates", { permissions: read("rates/**") })]
    for (const list of [entries, entries.toReversed()]) {
      const policy = Acl.make("acl", list)
      assert.strictEqual(verdict(policy, "acme:rates", "storage.read", "rates/today"), "Deny")
      assert.strictEqual(verdict(policy, "acme:rates", "storage.read", "other"), "Permit")
      assert.strictEqual(verdict(policy, "acme:totals", "storage.read", "rates/today"), "Permit")
      assert.strictEqual(verdict(policy, "evil:rates", "storage.read", "rates/today"), "Abstain")
    }
  })

  it.each<readonly [CapabilityKind, string, string, boolean]>([
    ["network.outbound", "https://**", "https://db", true],
    ["network.outbound", "https://**", "https://printer.local", true],
    ["network.outbound", "https://**", "https://10.0.0.1", true],
    ["network.outbound", "http://**:1-65535", "http://169.254.169.254", true],
    ["network.outbound", "https://169.254.0.0/16", "https://169.254.169.254", true],
    ["network.outbound", "https://10.0.0.0/8", "https://11.0.0.1", false],
    ["network.outbound", "https://**", "http://db", false],
    ["network.outbound", "https://**:8080", "http://db:8080", false],
    ["network.outbound", "https://**", "https://db:8443", false],
    ["network.outbound", "https://**.example.com", "https://10.0.0.1", false],
    ["network.outbound", "https://10.0.0.1", "https://db", false],
    ["process.spawn", "git push **", "git push --force", true],
    ["process.spawn", "git push **", "git pull", false],
    ["messaging.subscribe", "books.secret", "books.*", true],
    ["messaging.subscribe", "books.secret", "**", true],
    ["messaging.subscribe", "books.secret.**", "books.*", true],
    ["messaging.subscribe", "books.*.paid", "books.march.*", true],
    ["messaging.subscribe", "**.secret", "books.**", true],
    ["messaging.subscribe", "books.secret", "rates.*", false],
    ["messaging.subscribe", "books.secret", "books", false],
    ["messaging.subscribe", "books.secret", "books.*.*", false],
    ["messaging.subscribe", "books.**.paid", "books.*", true]
  ])("denies of %s by %s also %s: %s", (kind, pattern, resource, isDenied) => {
    const policy = Acl.make("acl", [entry("deny", "**", { permissions: [{ kind, patterns: [pattern] }] })])
    assert.strictEqual(verdict(policy, "acme:rates", kind, resource), isDenied ? "Deny" : "Abstain")
    const allowing = Acl.make("acl", [entry("allow", "**", { permissions: [{ kind, patterns: [pattern] }] })])
    assert.strictEqual(verdict(allowing, "acme:rates", kind, resource), "Abstain")
  })

  it("names the entry and its reason", () => {
    const policy = Acl.make("acl", [entry("allow", "acme:a"), entry("deny", "**", { reason: "closed for the audit" })])
    assert.deepStrictEqual(policy.evaluate(request("acme:a")), {
      _tag: "Deny",
      by: { policy: "acl", rule: "entry 2" },
      because: "closed for the audit"
    })
  })

  it("looks at every permission of an entry", () => {
    const policy = Acl.make("acl", [entry("allow", "acme:rates", {
      permissions: [
        { kind: "clock", patterns: [] },
        { kind: "storage.read", patterns: ["a/*", "b/*"] },
        { kind: "storage.read", patterns: ["c/*"] }
      ]
    })])
    for (const key of ["a/1", "b/1", "c/1"]) {
      assert.strictEqual(verdict(policy, "acme:rates", "storage.read", key), "Permit")
      assert.strictEqual(verdict(policy, "acme:rates", "storage.write", key), "Abstain")
    }
    assert.strictEqual(verdict(policy, "acme:rates"), "Permit")
    assert.strictEqual(verdict(policy, "acme:rates", "storage.read", "d/1"), "Abstain")
  })

  it("denies where an attribute that a condition needs is missing, whatever the entry would do", () => {
    const when = [{ attribute: "team", is: ["billing", "ops"] }]
    for (const effect of ["allow", "deny"] as const) {
      const policy = Acl.make("acl", [entry("allow", "**"), entry(effect, "acme:rates", { when })])
      assert.strictEqual(verdict(policy, "acme:rates"), "Deny")
      assert.strictEqual(verdict(policy, "acme:rates", "clock", "", { Team: "billing" }), "Deny")
      assert.strictEqual(verdict(policy, "acme:rates", "clock", "", { team: "sales" }), "Permit")
      assert.strictEqual(verdict(policy, "acme:totals"), "Permit")
    }
    const policy = Acl.make("acl", [entry("allow", "acme:rates", { when })])
    assert.strictEqual(verdict(policy, "acme:rates", "clock", "", { team: "ops" }), "Permit")
    assert.strictEqual(verdict(policy, "acme:rates", "clock", "", { team: "opsx" }), "Abstain")
  })

  it("asks for every condition", () => {
    const when = [{ attribute: "team", is: ["ops"] }, { attribute: "zone", is: ["eu"] }]
    const policy = Acl.make("acl", [entry("allow", "**", { when })])
    assert.strictEqual(verdict(policy, "a", "clock", "", { team: "ops", zone: "eu" }), "Permit")
    assert.strictEqual(verdict(policy, "a", "clock", "", { team: "ops", zone: "us" }), "Abstain")
    assert.strictEqual(verdict(policy, "a", "clock", "", { team: "ops" }), "Deny")
    assert.strictEqual(verdict(policy, "a", "clock", "", { zone: "us" }), "Deny")
  })

  it("takes names for what they are", () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      const policy = Acl.make("acl", [entry("allow", name, { when: [{ attribute: name, is: ["x"] }] })])
      assert.strictEqual(verdict(policy, name), "Deny")
      const attributes = new Map([[name, "x"]])
      assert.strictEqual(policy.evaluate({ ...request(name), attributes })._tag, "Permit")
    }
  })

  it.each([
    ["acme:*", "acme:rates", true],
    ["acme:*", "acme:", false],
    ["acme:*", "acme", false],
    ["acme:*", "acme:rates:blue", false],
    ["acme:**", "acme:rates:blue", true],
    ["acme:**", "acme", true],
    ["acme:**", "acmes:rates", false],
    ["*:rates", "evil:rates", true],
    ["**", "anything", true],
    ["acme:rates", "ACME:rates", false]
  ])("for %s means %s: %s", (pattern, id, isMeant) => {
    assert.strictEqual(verdict(Acl.make("acl", [entry("allow", pattern)]), id), isMeant ? "Permit" : "Abstain")
  })

  it("means a kind of principal where it names one", () => {
    const policy = Acl.make("acl", [entry("allow", "x", { principal: { kind: "Operator", id: "ada" } })])
    assert.strictEqual(verdict(policy, "ada"), "Abstain")
    const operator = { ...request("ada"), principal: Principal.make({ kind: "Operator", id: "ada" }) }
    assert.strictEqual(policy.evaluate(operator)._tag, "Permit")
  })

  it.each<readonly [string, unknown, ReadonlyArray<unknown>]>([
    ["no list", {}, []],
    ["an unknown key", [{ ...entry("allow", "a"), effct: "deny" }], []],
    ["an unknown effect", [{ ...entry("allow", "a"), effect: "permit" }], []],
    ["an empty set of permissions", [{ ...entry("allow", "a"), permissions: [] }], []],
    ["no reason", [{ ...entry("allow", "a"), reason: "" }], []],
    ["a pattern that is none", [entry("allow", "a"), entry("allow", "a", { permissions: read("../a") })], ["entry", 1]],
    ["a star within a segment", [entry("allow", "acme:ra*")], ["entry", 0]],
    ["stars in the middle", [entry("allow", "**:rates")], ["entry", 0]]
  ])("refuses %s, naming the place", (_, input, path) => {
    const result = Acl.fromUnknown("acl", input)
    assert.isTrue(Result.isFailure(result))
    if (Result.isFailure(result)) assert.deepStrictEqual([...result.failure.path], path)
  })

  const word = Schema.Literals(["a", "b", "c"])
  const randomEntry = Schema.Struct({
    effect: Schema.Literals(["allow", "deny"]),
    id: Schema.Literals(["a:a", "a:*", "*:b", "**", "b:**"]),
    keys: Schema.Array(Schema.Literals(["a", "b", "*", "**"])),
    needs: Schema.Array(word),
    value: word
  })

  it.effect.prop(
    "says what the definition says",
    {
      entries: Arbitrary.array(Arbitrary.schema(randomEntry), { maxLength: 6 }),
      id: Arbitrary.schema(Schema.Literals(["a:a", "a:b", "b:b", "b"])),
      key: Arbitrary.schema(word),
      attributes: Arbitrary.array(Arbitrary.schema(Schema.Tuple([word, word])), { maxLength: 3 })
    },
    ({ attributes, entries, id, key }) =>
      Effect.sync(() => {
        const has = new Map(attributes)
        const policy = Acl.make(
          "acl",
          entries.map(({ effect, id, keys, needs, value }) =>
            entry(effect, id, {
              permissions: keys.length === 0 ? "everything" : read(...keys),
              when: needs.map((attribute) => ({ attribute, is: [value] }))
            })
          )
        )
        const isMeant = (pattern: string) =>
          new RegExp(`^${pattern.replace(/:?\*\*/, ".*").replace(/(?<!\.)\*/, "[^:]+")}$`).test(id)
        const applicable = entries.filter(({ id, keys }) =>
          isMeant(id) && (keys.length === 0 || keys.some((_) => _ === key || _ === "*" || _ === "**"))
        )
        const expected = applicable.some(({ needs }) => needs.some((_) => !has.has(_)))
            || applicable.some(({ effect, needs, value }) =>
              effect === "deny" && needs.every((_) => has.get(_) === value)
            )
          ? "Deny"
          : applicable.some(({ needs, value }) => needs.every((_) => has.get(_) === value))
          ? "Permit"
          : "Abstain"
        const asked = { ...request(id, "storage.read", key), attributes: has }
        assert.strictEqual(policy.evaluate(asked)._tag, expected)
      })
  )
})

describe("Rbac", () => {
  const role = (name: string, inherits: ReadonlyArray<string> = [], key = name): Rbac.Role => ({
    name,
    inherits,
    permissions: read(key)
  })
  const given = (id: string, ...roles: ReadonlyArray<string>): Rbac.Assignment => ({ principal: { id }, roles })
  const refused = (roles: unknown) => {
    const result = Rbac.fromUnknown("roles", roles)
    return Result.isFailure(result) ? result.failure.message.replace("policy roles, ", "") : "taken"
  }

  it("permits what any role of a principal has, inherited over any number of steps", () => {
    const policy = Rbac.make("roles", {
      roles: [role("c", ["b"]), role("b", ["a"]), role("a"), role("d")],
      assignments: [given("acme:rates", "c"), given("acme:*", "d")]
    })
    for (const key of ["a", "b", "c", "d"]) {
      assert.strictEqual(verdict(policy, "acme:rates", "storage.read", key), "Permit")
      assert.strictEqual(verdict(policy, "acme:rates", "storage.write", key), "Abstain")
    }
    assert.strictEqual(verdict(policy, "acme:totals", "storage.read", "a"), "Abstain")
    assert.strictEqual(verdict(policy, "acme:totals", "storage.read", "d"), "Permit")
    assert.strictEqual(verdict(policy, "evil:rates", "storage.read", "d"), "Abstain")
  })

  it("refuses roles that inherit in a circle, and shows it", () => {
    assert.strictEqual(
      refused({ roles: [role("x", ["a"]), role("a", ["b"]), role("b", ["c"]), role("c", ["a"])], assignments: [] }),
      "role 4: c inherits from itself: a -> b -> c -> a"
    )
    assert.strictEqual(
      refused({ roles: [role("a", ["a"])], assignments: [] }),
      "role 1: a inherits from itself: a -> a"
    )
  })

  it("takes a role that is inherited on two ways", () => {
    assert.strictEqual(
      refused({ roles: [role("d", ["b", "c"]), role("b", ["a"]), role("c", ["a"]), role("a")], assignments: [] }),
      "taken"
    )
  })

  it("refuses roles that are unknown or there twice", () => {
    assert.strictEqual(
      refused({ roles: [role("a", ["b"])], assignments: [] }),
      "role 1: a inherits from b, which is no role"
    )
    assert.strictEqual(refused({ roles: [role("a"), role("a")], assignments: [] }), "role 2: a is there twice")
    assert.strictEqual(refused({ roles: [role("a")], assignments: [given("x", "b")] }), "assignment 1: b is no role")
    for (const name of ["__proto__", "constructor"]) {
      assert.strictEqual(refused({ roles: [], assignments: [given("x", name)] }), `assignment 1: ${name} is no role`)
      assert.strictEqual(refused({ roles: [role(name, [], "k")], assignments: [given("x", name)] }), "taken")
    }
  })

  it("is quick about a thousand roles that inherit from each other", () => {
    const roles = Array.from(
      { length: 1024 },
      (_, index) =>
        role(`r${index}`, Array.from({ length: Math.min(64, 1023 - index) }, (_, next) => `r${index + next + 1}`), "k")
    )
    assert.strictEqual(refused({ roles, assignments: [] }), "taken")
    const chain = roles.map((_, index) => role(`r${index}`, index === 1023 ? ["r0"] : [`r${index + 1}`], "k"))
    assert.match(refused({ roles: chain, assignments: [] }), /^role 1024: r1023 inherits from itself: r0 -> r1 -> /)
  })

  const name = Schema.Literals(["a", "b", "c", "d", "e"])

  it.effect.prop(
    "is refused exactly where roles inherit in a circle, and else permits what can be reached",
    {
      edges: Arbitrary.array(Arbitrary.schema(Schema.Tuple([name, name])), { maxLength: 8 }),
      assigned: Arbitrary.schema(name)
    },
    ({ assigned, edges }) =>
      Effect.sync(() => {
        const names = name.literals
        const reach = (from: string, steps: number): ReadonlyArray<string> =>
          steps === 0 ? [] : edges.filter(([_]) => _ === from).flatMap(([, to]) => [to, ...reach(to, steps - 1)])
        const roles = names.map((_) => role(_, edges.filter(([from]) => from === _).map(([, to]) => to)))
        const result = Rbac.fromUnknown("roles", { roles, assignments: [given("x", assigned)] })
        assert.strictEqual(Result.isFailure(result), names.some((_) => reach(_, 6).includes(_)))
        if (Result.isFailure(result)) return
        const reached = new Set([assigned, ...reach(assigned, 6)])
        for (const key of names) {
          assert.strictEqual(
            verdict(result.success, "x", "storage.read", key),
            reached.has(key) ? "Permit" : "Abstain"
          )
        }
      })
  )
})
