import * as NodeProcessSpawn from "@airssys/platform-node/NodeProcessSpawn"
import { assert, describe, it } from "@effect/vitest"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import * as Grant from "airssys/security/Grant"
import * as Pattern from "airssys/security/Pattern"
import * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import { ProcessSpawn } from "airssys/security/ProcessSpawn"
import { Deferred, Effect, Exit, Fiber, Layer, Schedule, Scope, Stream } from "effect"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const billing = Principal.make({ kind: "Host", id: "billing" })

const powers = Layer.unwrap(
  Effect.map(
    NodeProcessSpawn.source({
      programs: { node: process.execPath, gone: "/nowhere/at/all" },
      directory: tmpdir(),
      env: { REGION: "eu" }
    }),
    Powers.layer
  )
).pipe(Layer.provide(NodeProcessSpawn.layerSpawner))

const layer = Layer.provide(CapabilityEnforcer.layerTest, powers)

type Enforcer = CapabilityEnforcer.CapabilityEnforcer["Service"]

const run = <A, E>(
  test: (enforcer: Enforcer) => Effect.Effect<A, E, Scope.Scope | Principal.CurrentPrincipal>,
  patterns: ReadonlyArray<string> = ["node -**", "gone", "missing"]
) =>
  Effect.flatMap(CapabilityEnforcer.CapabilityEnforcer, (enforcer) =>
    Effect.andThen(
      enforcer.admit(billing, { asks: [], grants: [Grant.make("process.spawn", patterns, { reason: "Try." })] }),
      test(enforcer)
    )).pipe(
      Effect.scoped,
      Effect.provideService(Principal.CurrentPrincipal, billing),
      Effect.provide(layer, { local: true })
    )

const node = (script: string, ...args: ReadonlyArray<string>) =>
  ProcessSpawn.on(Pattern.command("node", ["-e", script, ...args]))

const output = (enforcer: Enforcer, script: string, ...args: ReadonlyArray<string>) =>
  ProcessSpawn.use((power) => power.run()).pipe(
    enforcer.require(node(script, ...args)),
    Effect.map(({ exitCode, stderr, stdout }) => [exitCode, String(stdout), String(stderr)])
  )

const setSecret = (secret: string | undefined): void => {
  if (secret === undefined) delete process.env["AIRSSYS_SECRET"]
  else process.env["AIRSSYS_SECRET"] = secret
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const gone = (pid: number) =>
  Effect.suspend(() => isAlive(pid) ? Effect.fail("alive") : Effect.void).pipe(
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 250 })
  )

/** Starts a program that has started another, and gives both of their ids. */
const family = `
  const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" })
  process.stdout.write(process.pid + " " + child.pid + "\\n")
  setInterval(() => {}, 1000)
`

const pidsOf = (stdout: Stream.Stream<Uint8Array, unknown>) =>
  Effect.map(
    Stream.runHead(Stream.take(stdout, 1)),
    (head) => String(Buffer.from(head._tag === "Some" ? head.value : new Uint8Array())).trim().split(" ").map(Number)
  )

describe("NodeProcessSpawn", { timeout: 60_000 }, () => {
  it.live("runs the program with these very arguments, and gives what it wrote", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const script = "console.log(JSON.stringify(process.argv.slice(1))); console.error('oh'); process.exitCode = 3"
        const args = ["a b", "", "$(id)", "`id`", "; rm -rf /", "it's", "*", "--flag", "\n"]
        assert.deepStrictEqual(yield* output(enforcer, script, ...args), [3, `${JSON.stringify(args)}\n`, "oh\n"])
      })
    ))

  it.live("gives it the environment and the folder of the options, and nothing of the host", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        setSecret("sk_live")
        const script = "console.log(JSON.stringify([process.env, process.cwd()]))"
        const [, stdout] = yield* output(enforcer, script)
        setSecret(undefined)
        assert.deepStrictEqual(JSON.parse(String(stdout)), [{ REGION: "eu" }, tmpdir()])
      })
    ))

  it.live("gives it what it is to read", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const script = "process.stdin.pipe(process.stdout)"
        const piped = yield* ProcessSpawn.use((power) => power.run({ stdin: new TextEncoder().encode("hello") })).pipe(
          enforcer.require(node(script))
        )
        assert.strictEqual(String(Buffer.from(piped.stdout)), "hello")
        const silent = yield* ProcessSpawn.use((power) => power.run()).pipe(enforcer.require(node(script)))
        assert.strictEqual(silent.stdout.length, 0)
      })
    ))

  it.live("denies a program, or arguments, that are not granted, and starts nothing", () => {
    const folder = mkdtempSync(join(tmpdir(), "airssys-spawn-"))
    const made = join(folder, "made")
    const script = `require("node:fs").writeFileSync(${JSON.stringify(made)}, "")`
    return run(
      (enforcer) =>
        Effect.gen(function*() {
          for (const request of [node(script), ProcessSpawn.on(Pattern.command("git", [])), ProcessSpawn.on("node ")]) {
            const error = yield* Effect.flip(
              ProcessSpawn.use((power) => power.run()).pipe(enforcer.require(request))
            )
            assert.strictEqual(error._tag, "CapabilityError")
          }
          assert.isFalse(existsSync(made))
        }),
      ["node --version", "other **"]
    ).pipe(Effect.ensuring(Effect.sync(() => rmSync(folder, { recursive: true }))))
  })

  it.live("knows no program but those of its options, and says nothing of the machine", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const reasonOf = (program: string) =>
          Effect.map(
            Effect.flip(
              ProcessSpawn.use((power) => power.run()).pipe(
                enforcer.require(ProcessSpawn.on(Pattern.command(program, [])))
              )
            ),
            (error) => error._tag === "ProcessError" ? [error.reason, error.message] : [error._tag, ""]
          )
        assert.deepStrictEqual(yield* reasonOf("missing"), ["NotFound", "missing: this host has no such program"])
        const [reason, message] = yield* reasonOf("gone")
        assert.strictEqual(reason, "Failed")
        assert.notInclude(String(message), "/nowhere")
      })
    ))

  it.live("stops what writes more than the limit", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const script = "const piece = 'x'.repeat(65536); const go = () => process.stdout.write(piece, go); go()"
        const error = yield* Effect.flip(
          ProcessSpawn.use((power) => power.run({ maxBytes: 100_000 })).pipe(enforcer.require(node(script)))
        )
        assert.strictEqual(error._tag === "ProcessError" && error.reason, "TooLarge")
      })
    ))

  it.live("ends it and all that it started with its scope", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const child = yield* ProcessSpawn.use((power) => power.spawn()).pipe(
          enforcer.require(node(family)),
          Scope.provide(scope)
        )
        const pids = yield* pidsOf(child.stdout)
        assert.deepStrictEqual(pids.map(isAlive), [true, true])
        yield* Scope.close(scope, Exit.void)
        yield* Effect.forEach(pids, gone)
      })
    ))

  it.live("ends it when it is revoked, also one that does not want to, and fails what waits for it", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const stubborn = `process.on("SIGTERM", () => {}); ${family}`
        const child = yield* ProcessSpawn.use((power) => power.spawn()).pipe(enforcer.require(node(stubborn)))
        const pids = yield* pidsOf(child.stdout)
        const waiting = yield* Effect.forkChild(Effect.flip(child.exitCode), { startImmediately: true })
        const many = yield* Effect.forEach(Array.from({ length: 5 }), () =>
          Effect.forkChild(Effect.flip(output(enforcer, "setInterval(() => {}, 1000)")), { startImmediately: true }))
        yield* enforcer.revoke(billing, { reason: "Over." })
        const error = yield* Fiber.join(waiting)
        assert.strictEqual(error._tag === "CapabilityError" && error.reason._tag, "Revoked")
        for (const fiber of many) {
          assert.strictEqual((yield* Fiber.join(fiber))._tag, "CapabilityError")
        }
        yield* Effect.forEach(pids, gone)
        assert.strictEqual((yield* Effect.flip(child.exitCode))._tag, "CapabilityError")
      })
    ))

  it.live("leaves nothing behind that was starting when it was revoked", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const file = join(mkdtempSync(join(tmpdir(), "airssys-spawn-")), "pids")
        const script = `require("node:fs").appendFileSync(${
          JSON.stringify(file)
        }, process.pid + " "); setInterval(() => {}, 1000)`
        const gate = yield* Deferred.make<void>()
        const runs = yield* Effect.forEach(Array.from({ length: 8 }), () =>
          Effect.forkChild(Effect.exit(Effect.andThen(Deferred.await(gate), output(enforcer, script)))))
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.suspend(() =>
          existsSync(file) ? Effect.void : Effect.fail("none yet")
        ).pipe(
          Effect.retry({ schedule: Schedule.spaced("2 millis"), times: 5_000 })
        )
        yield* enforcer.revoke(billing, { reason: "Over." })
        for (const fiber of runs) {
          assert.isTrue(Exit.isFailure(yield* Fiber.join(fiber)))
        }
        const pids = existsSync(file)
          ? readFileSync(file, "utf8").trim().split(" ").filter((_) => _ !== "").map(Number)
          : []
        yield* Effect.forEach(pids, gone)
      })
    ))

  it("takes commands apart as they were put together", () => {
    for (const args of [[], ["a"], ["", "it's", "a b", "*", "**", "\n", "\u{1f600}"]]) {
      assert.deepStrictEqual(Pattern.commandOf(Pattern.command("git", args)), { program: "git", args })
    }
    for (const text of ["", "git  log", "git *", "git 'a", "../git", "git\u0000"]) {
      assert.isUndefined(Pattern.commandOf(text), text)
    }
  })
})
