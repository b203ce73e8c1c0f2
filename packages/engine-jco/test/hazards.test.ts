import * as NodeWorkerHost from "@airssys/platform-node/NodeWorkerHost"
import { assert, describe, layer } from "@effect/vitest"
import { ComponentEngine, type HostFunction, type Imports, type Instance } from "airssys/component/ComponentEngine"
import type { InstantiateError } from "airssys/component/ComponentError"
import { WorkerHost } from "airssys/component/WorkerHost"
import { Duration, Effect, Exit, Layer } from "effect"
import { component, fromText, memory } from "../../airssys/test/component/support/guests.ts"
import { evaluate, rewrite, UnexpectedSource } from "../src/internal/generated.ts"
import * as JcoEngine from "../src/JcoEngine.ts"

const engine = JcoEngine.layer.pipe(Layer.provide(NodeWorkerHost.layer))

const mebibyte = 1024 * 1024

const sync = (call: (args: ReadonlyArray<unknown>) => unknown): HostFunction => ({ _tag: "Sync", call })

const load = (bytes: Promise<Uint8Array>, asyncImports?: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const service = yield* ComponentEngine
    return yield* service.load(yield* Effect.promise(() => bytes), { asyncImports })
  })

const start = (bytes: Promise<Uint8Array>, options?: {
  readonly imports?: Imports
  readonly memory?: number
  readonly timeout?: Duration.Duration
  readonly tier?: "inline" | "worker"
  readonly asyncImports?: ReadonlyArray<string>
}) =>
  Effect.gen(function*() {
    const service = yield* ComponentEngine
    return yield* service.instantiate(yield* load(bytes, options?.asyncImports), {
      imports: options?.imports ?? new Map(),
      limits: { memory: options?.memory ?? mebibyte, timeout: options?.timeout, fuel: undefined },
      tier: options?.tier ?? "inline"
    })
  })

const call = (instance: Instance, name: string, ...args: ReadonlyArray<unknown>) =>
  Effect.map(
    ComponentEngine.use((service) => service.call(instance, { interface: undefined, function: name }, args)),
    (_) => _.value
  )

const run = "(func (export \"run\") (result i32) (i32.const 7))"
const runs = "export run: func() -> u32;"

describe("what components and jco do to a host", () => {
  layer(engine, { excludeTestServices: true })((it) => {
    it.effect("refuses core names that are code once jco has printed them", () =>
      Effect.gen(function*() {
        for (const hostile of ["x'+(globalThis.owned=1)+'", "x\\'", "x`${globalThis.owned=1}`", "x\u2028y"]) {
          const name = JSON.stringify(hostile)
          for (const [from, field] of [[name, "\"f\""], ["\"m\"", name]]) {
            const error = yield* Effect.flip(load(fromText(`(component
              (core module $a (func (export ${field})))
              (core module $b (import ${from} ${field} (func)) (func (export "run") (result i32) (i32.const 7)))
              (core instance $ia (instantiate $a))
              (core instance $ib (instantiate $b (with ${from} (instance $ia))))
              (alias core export $ib "run" (core func $f))
              (func (export "run") (result u32) (canon lift (core func $f))))`)))
            assert.deepInclude(error, { _tag: "LoadError", reason: "Refused" })
          }
          const exported = yield* Effect.flip(load(fromText(`(component
            (core module $b (func (export ${name}) (result i32) (i32.const 7)))
            (core instance $ib (instantiate $b))
            (alias core export $ib ${name} (core func $f))
            (func (export "run") (result u32) (canon lift (core func $f))))`)))
          assert.deepInclude(exported, { _tag: "LoadError", reason: "Refused" })
        }
        assert.isFalse("owned" in globalThis)
      }))

    it.effect("keeps two versions of one interface apart", () =>
      Effect.gen(function*() {
        const bytes = fromText(`(component
          (import "a:b/h@1.0.0" (instance $one (export "get" (func (result u32)))))
          (import "a:b/h@2.0.0" (instance $two (export "get" (func (result u32)))))
          (core func $get1 (canon lower (func $one "get")))
          (core func $get2 (canon lower (func $two "get")))
          (core module $m (import "" "1" (func $1 (result i32))) (import "" "2" (func $2 (result i32)))
            (func (export "run") (result i32) (i32.add (i32.mul (call $1) (i32.const 10)) (call $2))))
          (core instance $i (instantiate $m (with "" (instance (export "1" (func $get1)) (export "2" (func $get2))))))
          (func (export "run") (result u32) (canon lift (core func $i "run"))))`)
        const get = (value: number) => new Map([["get", sync(() => value)]])
        const imports = new Map([["a:b/h@1.0.0", get(1)], ["a:b/h@2.0.0", get(2)]])
        for (const tier of ["inline", "worker"] as const) {
          assert.strictEqual(yield* call(yield* start(bytes, { imports, tier }), "run"), 12)
        }
        const error = yield* Effect.flip(start(bytes, { imports: new Map([["a:b/h@2.0.0", get(2)]]) }))
        assert.deepInclude(error, { reason: "MissingImports", missing: ["a:b/h@1.0.0#get"] })
      }))

    const names = ["constructor", "to-string", "then", "default", "value-of", "has-own-property", "catch"]
    const hostile = component(
      `(module ${names.map((_, i) => `(import "a:b/h" "${_}" (func $h${i} (result i32)))`).join("")}
        ${names.map((_, i) => `(import "$root" "${_}" (func $r${i} (result i32)))`).join("")}
        ${
        names.map((_, i) =>
          `(func (export "a:b/e#${_}") (result i32) (call $h${i}))
          (func (export "${_}") (result i32) (call $r${i}))`
        ).join("")
      })`,
      `package a:b;
       interface h { ${names.map((_) => `%${_}: func() -> u32;`).join(" ")} }
       interface e { ${names.map((_) => `%${_}: func() -> u32;`).join(" ")} }
       world w { import h; ${
        names.map((_) => `import %${_}: func() -> u32; export %${_}: func() -> u32;`).join(" ")
      } export e; }`
    )

    for (const asyncImports of [undefined, ["a:b/h#then", "#catch"]]) {
      it.effect(`calls functions whose names mean something to JavaScript${asyncImports ? ", suspending" : ""}`, () =>
        Effect.gen(function*() {
          const table = (first: number) => new Map(names.map((name, i) => [name, sync(() => first + i)]))
          const imports = new Map([["a:b/h", table(0)], ["", table(100)]])
          const instance = yield* start(hostile, { imports, asyncImports: asyncImports ?? [] })
          const service = yield* ComponentEngine
          for (const [i, name] of names.entries()) {
            assert.strictEqual(yield* call(instance, name), 100 + i)
            const own = yield* service.call(instance, { interface: "a:b/e", function: name }, [])
            assert.strictEqual(own.value, i)
          }
        }))
    }

    it.effect("does not find an import on Object.prototype", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(start(hostile, { imports: new Map([["a:b/h", new Map()]]) }))
        assert.deepInclude(error, { reason: "MissingImports" })
        assert.sameMembers(
          [...(error as InstantiateError).missing ?? []],
          names.flatMap((_) => [`a:b/h#${_}`, `#${_}`])
        )
      }))

    it.effect("holds the memory limit for the sum over all memories", () =>
      Effect.gen(function*() {
        const bytes = fromText(`(component
          (core module $m (memory (export "memory") 1)
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
          (core instance $one (instantiate $m))
          (core instance $two (instantiate $m))
          (func (export "one") (param "pages" u32) (result s32) (canon lift (core func $one "grow")))
          (func (export "two") (param "pages" u32) (result s32) (canon lift (core func $two "grow"))))`)
        const instance = yield* start(bytes, { memory: 8 * 65536 })
        let grown = 2
        for (const name of ["one", "two", "one", "two"]) {
          while ((yield* call(instance, name, 1)) !== -1) grown += 1
        }
        assert.isAtMost(grown, 8)
        assert.isAtLeast(grown, 4)
        const service = yield* ComponentEngine
        const { receipt } = yield* service.call(instance, { interface: undefined, function: "one" }, [0])
        assert.strictEqual(receipt.memory, grown * 65536)
        assert.deepInclude(yield* Effect.flip(start(bytes, { memory: 2 * 65536 - 1 })), { reason: "MemoryLimit" })
      }))

    it.effect("counts every instantiation of a core module against the limit", () =>
      Effect.gen(function*() {
        const times = (count: number, memory: string) =>
          fromText(`(component
            (core module $m ${memory} (func (export "run") (result i32) (i32.const 7)))
            ${Array.from({ length: count }, (_, i) => `(core instance $i${i} (instantiate $m))`).join("\n")}
            (func (export "run") (result u32) (canon lift (core func $i0 "run"))))`)
        const bytes = times(6, "(memory 16)")
        assert.deepInclude(yield* Effect.flip(start(bytes, { memory: 6 * mebibyte - 1 })), { reason: "MemoryLimit" })
        assert.strictEqual(yield* call(yield* start(bytes, { memory: 6 * mebibyte }), "run"), 7)
        for (const many of [times(60, "(memory 0)"), times(65, "")]) {
          assert.deepInclude(yield* Effect.flip(start(many, { memory: 60 * mebibyte })), { reason: "MemoryLimit" })
        }
      }))

    it.effect("refuses an invalid core module, by its place, before jco sees it", () =>
      Effect.gen(function*() {
        const bytes = yield* Effect.promise(() => component(`(module ${run})`, `package a:b; world w { ${runs} }`))
        const body = bytes.findIndex((_, i) => bytes[i] === 0x41 && bytes[i + 1] === 7 && bytes[i + 2] === 0x0b)
        bytes[body] = 0x42
        const error = yield* Effect.flip(load(Promise.resolve(bytes)))
        assert.deepInclude(error, { _tag: "LoadError", reason: "Malformed" })
        assert.include(error.message, "at byte")
      }))

    it.effect("refuses core modules that keep objects outside their memories, before jco sees them", () =>
      Effect.gen(function*() {
        const cases = [
          ["gc (struct types)", `(type $s (struct (field (ref null 0)))) (func (drop (struct.new_default $s)))`],
          ["gc (array types)", `(type $a (array i64)) (func (drop (array.new_default $a (i32.const 100000000))))`],
          ["shared memory", `(memory 1 1 shared)`],
          ["memory64", `(memory i64 1)`],
          ["64-bit tables", `(table i64 1 funcref)`]
        ] as const
        for (const [feature, items] of cases) {
          const bytes = fromText(`(component
            (core module $m ${items} (func (export "run") (result i32) (i32.const 7)))
            (core instance $i (instantiate $m))
            (func (export "run") (result u32) (canon lift (core func $i "run"))))`)
          const error = yield* Effect.flip(load(bytes))
          assert.deepInclude(error, { _tag: "LoadError", reason: "Refused" })
          assert.include(error.message, feature)
          assert.include(error.message, "at byte")
        }
      }))

    it.effect("measures memories that a component does not export", () =>
      Effect.gen(function*() {
        const service = yield* ComponentEngine
        for (const exported of ["", "(start $init) (func $init)"]) {
          const bytes = fromText(`(component
            (core module $owner (memory (export "memory") 2))
            (core module $m (import "o" "memory" (memory 1)) (memory 3) ${exported}
              (func $run (export "go") (result i32) (memory.size 1)))
            (core instance $o (instantiate $owner))
            (core instance $i (instantiate $m (with "o" (instance $o))))
            (func (export "run") (result u32) (canon lift (core func $i "go"))))`)
          const instance = yield* start(bytes)
          const { receipt, value } = yield* service.call(instance, { interface: undefined, function: "run" }, [])
          assert.strictEqual(value, 3)
          assert.strictEqual(receipt.memory, 5 * 65536)
        }
      }))

    const numbers = ["s8", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"]
    const lists = component(
      `(module ${
        numbers.map((_) => `(import "$root" "host-${_}" (func $${_} (param i32 i32 i32)))`).join("\n")
      } ${memory()}
        ${
        numbers.map((_) =>
          `(func (export "list-${_}") (param i32 i32) (result i32)
            (call $${_} (local.get 0) (local.get 1) (i32.const 1024)) (i32.const 1024))`
        ).join("\n")
      })`,
      `package a:b; world w { ${
        numbers.map((_) =>
          `import host-${_}: func(v: list<${_}>) -> list<${_}>; export list-${_}: func(v: list<${_}>) -> list<${_}>;`
        ).join("\n")
      } }`
    )

    for (
      const [tier, asyncImports] of [["inline", []], ["inline", ["#host-u32", "#host-s64"]], ["worker", []]] as const
    ) {
      it.effect(`gives hosts lists of numbers as arrays (${tier}${asyncImports.length > 0 ? ", suspending" : ""})`, () =>
        Effect.gen(function*() {
          const seen: Array<unknown> = []
          const host = new Map(numbers.map((_) => [`host-${_}`, sync(([list]) => (seen.push(list), list))]))
          const instance = yield* start(lists, { imports: new Map([["", host]]), tier, asyncImports })
          for (const type of numbers) {
            const list = /64/.test(type) && type !== "f64" ? [1n, 2n] : [1, 2]
            assert.deepStrictEqual(yield* call(instance, `list-${type}`, list), list)
            assert.deepStrictEqual(seen.pop(), list)
          }
        }))
    }

    it.effect("refuses options three deep, which jco tells apart worse than promised", () =>
      Effect.gen(function*() {
        const maybe = (type: string) =>
          component(
            `(module ${memory()} (func (export "run") (result i32) (i32.store8 (i32.const 8) (i32.const 1)) (i32.const 8)))`,
            `package a:b; world w { export run: func() -> ${type}; }`
          )
        const instance = yield* start(maybe("tuple<option<option<u32>>>"))
        assert.deepStrictEqual(yield* call(instance, "run"), [{ tag: "some", val: undefined }])
        const error = yield* Effect.flip(load(maybe("tuple<option<option<option<u32>>>>")))
        assert.deepInclude(error, { _tag: "LoadError", reason: "Refused" })
      }))

    it.effect("limits tables, and refuses one that starts above the limit", () =>
      Effect.gen(function*() {
        const bytes = component(
          `(module (table $a 1 funcref) (table $b 1 externref)
            (func (export "grow") (param i32) (result i32)
              (i32.add (table.grow $a (ref.null func) (local.get 0)) (table.grow $b (ref.null extern) (local.get 0)))))`,
          "package a:b; world w { export grow: func(n: u32) -> s32; }"
        )
        for (const tier of ["inline", "worker"] as const) {
          const instance = yield* start(bytes, { tier })
          assert.strictEqual(yield* call(instance, "grow", 9_000_000), -2)
          assert.strictEqual(yield* call(instance, "grow", 40_000), 2)
        }
        const large = component(`(module (table 100001 funcref) ${run})`, `package a:b; world w { ${runs} }`)
        assert.deepInclude(yield* Effect.flip(start(large)), { reason: "Refused" })
      }))

    const caught = component(
      `(module (import "$root" "say" (func $say (param i32 i32))) (import "$root" "get" (func $get (param i32)))
        (memory (export "memory") 1) (data (i32.const 512) "\\ff\\fe")
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const -8))
        ${
        [
          ["bad-utf8", "(call $say (i32.const 512) (i32.const 2))"],
          ["out-of-bounds", "(call $say (i32.const 65000) (i32.const 20000))"],
          ["bad-realloc", "(call $get (i32.const 16))"]
        ].map(([name, body]) =>
          `(func (export "${name}") (result i32)
            (block $caught (try_table (catch_all $caught) ${body}) (return (i32.const 0))) (i32.const 1))`
        ).join("\n")
      })`,
      `package a:b; world w { import say: func(s: string); import get: func() -> string;
        export bad-utf8: func() -> u32; export out-of-bounds: func() -> u32; export bad-realloc: func() -> u32; }`
    )

    for (
      const [tier, asyncImports] of [["inline", []], ["inline", ["#say", "#get"]], ["worker", []]] as const
    ) {
      it.effect(
        `lets no guest catch what is wrong with its own values (${tier}${
          asyncImports.length > 0 ? ", suspending" : ""
        })`,
        () =>
          Effect.gen(function*() {
            const host = new Map([["say", sync(() => undefined)], ["get", sync(() => "text")]])
            for (const name of ["bad-utf8", "out-of-bounds", "bad-realloc"]) {
              const instance = yield* start(caught, { imports: new Map([["", host]]), tier, asyncImports })
              assert.strictEqual((yield* Effect.flip(call(instance, name))).reason._tag, "Trap")
              assert.isTrue(instance.isPoisoned())
            }
          })
      )
    }

    it.effect("tells at its deadline of a guest that fills its memory", () =>
      Effect.gen(function*() {
        const tier = "worker"
        const bytes = component(
          `(module (memory 512) (func (export "run") (result i32)
              (loop $again (memory.fill (i32.const 0) (i32.const 1) (i32.const 33000000)) (br $again)) (i32.const 7)))`,
          `package a:b; world w { ${runs} }`
        )
        const instance = yield* start(bytes, { tier, memory: 64 * mebibyte, timeout: Duration.millis(100) })
        const [elapsed, error] = yield* Effect.timed(Effect.flip(call(instance, "run")))
        assert.strictEqual(error.reason._tag, "DeadlineExceeded")
        assert.isBelow(Duration.toMillis(elapsed), 1_000)
      }))

    for (const tier of ["inline", "worker"] as const) {
      it.effect(`reports a start function that traps (${tier})`, () =>
        Effect.gen(function*() {
          const bytes = component(
            `(module (start $s) (func $s unreachable) ${run})`,
            `package a:b; world w { ${runs} }`
          )
          assert.deepInclude(yield* Effect.flip(start(bytes, { tier })), { reason: "StartFailed" })
        }))
    }

    it.effect("stops a start function that never ends", () =>
      Effect.gen(function*() {
        const bytes = component(
          `(module (start $s) (func $s (loop $again (br $again))) ${run})`,
          `package a:b; world w { ${runs} }`
        )
        const starting = start(bytes, { tier: "worker", timeout: Duration.millis(100) })
        assert.deepInclude(yield* Effect.flip(starting), { reason: "StartFailed" })
      }))

    it.effect("refuses to call an instance from inside its own import", () =>
      Effect.gen(function*() {
        const bytes = component(
          `(module (import "$root" "back" (func $back)) ${run.replace("(i32.const 7)", "(call $back) (i32.const 7)")})`,
          `package a:b; world w { import back: func(); ${runs} }`
        )
        const service = yield* ComponentEngine
        const seen: Array<unknown> = []
        let instance: Instance | undefined
        const back = sync(() => {
          const exit = Effect.runSyncExit(service.call(instance!, { interface: undefined, function: "run" }, []))
          seen.push(Exit.isFailure(exit) ? String(exit.cause) : "entered")
        })
        instance = yield* start(bytes, { imports: new Map([["", new Map([["back", back]])]]) })
        assert.strictEqual(yield* call(instance, "run"), 7)
        assert.lengthOf(seen, 1)
        assert.include(String(seen[0]), "another call runs in this instance")
      }))

    it.effect("asks for asyncImports where an Effect would have to suspend the guest", () =>
      Effect.gen(function*() {
        const bytes = component(
          `(module (import "$root" "back" (func $back)) ${run})`,
          `package a:b; world w { import back: func(); ${runs} }`
        )
        const back: HostFunction = { _tag: "Async", call: () => Effect.void }
        const imports = new Map([["", new Map([["back", back]])]])
        assert.deepInclude(yield* Effect.flip(start(bytes, { imports })), { reason: "Refused" })
        assert.strictEqual(yield* call(yield* start(bytes, { imports, asyncImports: ["#back"] }), "run"), 7)
        assert.strictEqual(yield* call(yield* start(bytes, { imports, tier: "worker" }), "run"), 7)
      }))

    it.effect("settles a call whose guest traps after it was suspended", () =>
      Effect.gen(function*() {
        const bytes = component(
          `(module (import "$root" "wait" (func $wait)) (func (export "run") (result i32) (call $wait) unreachable)
            (func $deep (export "deep") (result i32) (call $wait) (i32.add (call $deep) (i32.const 1))))`,
          `package a:b; world w { import wait: func(); ${runs} export deep: func() -> u32; }`
        )
        let waited = 0
        const wait: HostFunction = {
          _tag: "Async",
          call: () => waited++ < 3 ? Effect.yieldNow : Effect.die("enough")
        }
        const imports = new Map([["", new Map([["wait", wait]])]])
        const one = yield* start(bytes, { imports, asyncImports: ["#wait"] })
        const two = yield* start(bytes, { imports, asyncImports: ["#wait"] })
        const [first, second] = yield* Effect.all(
          [Effect.flip(call(one, "run")), Effect.flip(call(two, "deep"))],
          { concurrency: 2 }
        )
        assert.deepStrictEqual(first.reason, { _tag: "Trap", category: "Unreachable" })
        assert.deepStrictEqual(second.reason, { _tag: "Trap", category: "HostFailure" })
        assert.isTrue(one.isPoisoned() && two.isPoisoned())
      }))

    it.effect("does not read the environment while a guest runs", () =>
      Effect.gen(function*() {
        const bytes = component(`(module ${memory()} ${run})`, `package a:b; world w { ${runs} }`)
        const instance = yield* start(bytes)
        const environment = process.env
        const read: Array<PropertyKey> = []
        try {
          process.env = new Proxy(environment, { get: (_, key) => (read.push(key), Reflect.get(environment, key)) })
          assert.strictEqual(
            Effect.runSync(Effect.provideService(call(instance, "run"), ComponentEngine, yield* ComponentEngine)),
            7
          )
        } finally {
          process.env = environment
        }
        assert.deepStrictEqual(read, [])
      }))

    it.effect("refuses generated source that is not what the rewrites were written for", () =>
      Effect.sync(() => {
        const debug =
          "const _debugLog = (...args) => {\n    if (!globalThis?.process?.env?.JCO_DEBUG) { return; }\n    console.debug(...args);\n  };\n"
        const source = (body: string) =>
          `"use components";\nexport function instantiate(getCoreModule, imports, instantiateCore = (module, importObject) => new WebAssembly.Instance(module, importObject)) {\n${body}};\n\nexport const _util = {\n  \n}\n`
        assert.isFunction(evaluate(rewrite(source(debug), 0).source))
        for (
          const changed of [
            source(""),
            source(debug + debug),
            source(debug.replace("JCO_DEBUG", "JCO_LOG")),
            source(`${debug}const fs = await import('node:fs');\n`),
            source(`${debug}const d = new TextDecoder('utf-8');\n`),
            source(`${debug}if (process.env.JCO_DEBUG) {}\n`),
            source(`${debug}({ exports: exports0 } = instantiateCore(pick()));\n`),
            `${source(debug)}export const more = 1\n`,
            source(debug).replace("export function", "export async function")
          ]
        ) {
          assert.throws(() => rewrite(changed, 0), UnexpectedSource)
        }
        assert.throws(() => rewrite(source(debug), 1), UnexpectedSource)
      }))
  })
})

const spawns = Layer.effect(
  WorkerHost,
  Effect.gen(function*() {
    const host = yield* WorkerHost
    return {
      spawn: (entry: URL, options: Parameters<typeof host.spawn>[1]) =>
        host.spawn(
          entry.href.includes("instanceWorker") ? new URL("./hostileWorker.ts", import.meta.url) : entry,
          options
        )
    }
  })
).pipe(Layer.provide(NodeWorkerHost.layer))

describe("a thread that was taken over", () => {
  layer(JcoEngine.layer.pipe(Layer.provide(spawns)), { excludeTestServices: true })((it) => {
    const bytes = component(
      `(module ${memory()} (import "$root" "ask" (func (param i32 i32)))
        (func (export "behave") (param i32 i32) (result i32) unreachable))`.replace(
        /\(module (.*?) \(import (.*?)\(param i32 i32\)\)\)/s,
        "(module (import $2(param i32 i32))) $1"
      ),
      "package a:b; world w { import ask: func(s: string); export behave: func(s: string) -> string; }"
    )
    const asked: Array<unknown> = []
    const imports: Imports = new Map([["", new Map([["ask", sync(([question]) => void asked.push(question))]])]])

    it.effect("is believed when it behaves", () =>
      Effect.gen(function*() {
        const instance = yield* start(bytes, { tier: "worker", imports })
        assert.strictEqual(yield* call(instance, "behave", "well"), "well")
        assert.deepStrictEqual(asked, ["a question"])
      }))

    for (
      const behaviour of [
        "answer of another type",
        "no answer",
        "question with arguments of another type",
        "question without arguments",
        "question for an import that does not exist",
        "two answers"
      ]
    ) {
      it.effect(`is ended after ${behaviour}`, () =>
        Effect.gen(function*() {
          asked.length = 0
          const instance = yield* start(bytes, { tier: "worker", imports, timeout: Duration.seconds(5) })
          const result = yield* Effect.exit(call(instance, "behave", behaviour))
          if (behaviour === "two answers") {
            yield* Effect.yieldNow.pipe(Effect.repeat({ until: () => instance.isPoisoned() }))
          } else assert.isTrue(Exit.isFailure(result))
          assert.isTrue(instance.isPoisoned())
          assert.deepStrictEqual(asked, [])
        }))
    }
  })
})

describe("a transpiler that fails", () => {
  const bytes = component(`(module ${run})`, `package a:b; world w { ${runs} }`)
  for (
    const [title, options] of [
      ["runs out of time", { transpileTime: "1 millis" }],
      ["runs out of memory", { transpileHeap: 4 }]
    ] as const
  ) {
    layer(JcoEngine.layerWith(options).pipe(Layer.provide(NodeWorkerHost.layer)), { excludeTestServices: true })(
      (it) => {
        it.effect(`is a typed error when it ${title}`, () =>
          Effect.gen(function*() {
            assert.deepInclude(yield* Effect.flip(load(bytes)), { _tag: "LoadError", reason: "EngineFailed" })
            assert.deepInclude(yield* Effect.flip(load(bytes)), { _tag: "LoadError", reason: "EngineFailed" })
          }))
      }
    )
  }

  const entries: Array<string> = []
  const counted = Layer.effect(
    WorkerHost,
    Effect.map(WorkerHost, (host) => ({
      spawn: (entry: URL, options: Parameters<typeof host.spawn>[1]) => {
        entries.push(entry.pathname.replace(/^.*\//, ""))
        return host.spawn(entry, options)
      }
    }))
  ).pipe(Layer.provide(NodeWorkerHost.layer))

  layer(JcoEngine.layer.pipe(Layer.provide(counted)), { excludeTestServices: true })((it) => {
    it.effect("gets one thread for each component, and none for a known one", () =>
      Effect.gen(function*() {
        const other = component(`(module ${run} (memory 1))`, `package a:b; world w { ${runs} }`)
        yield* load(bytes)
        yield* load(bytes)
        yield* load(other)
        yield* load(bytes)
        assert.deepStrictEqual(entries, ["transpileWorker.ts", "transpileWorker.ts"])
      }))
  })
})

describe("the thread of a call that failed", () => {
  const ended: Array<string> = []
  const watched = Layer.effect(
    WorkerHost,
    Effect.map(WorkerHost, (host) => ({
      spawn: (entry: URL, options: Parameters<typeof host.spawn>[1]) =>
        host.spawn(entry, {
          ...options,
          onExit: (exit) => {
            ended.push(exit.reason)
            options.onExit(exit)
          }
        })
    }))
  ).pipe(Layer.provide(NodeWorkerHost.layer))

  layer(JcoEngine.layerWith({ spareThreads: 0 }).pipe(Layer.provide(watched)), { excludeTestServices: true })((it) => {
    const bytes = component(
      `(module (import "$root" "wait" (func $wait)) ${run}
        (func (export "spin") (loop $again (br $again))) (func (export "hang") (call $wait)) (func (export "trap") unreachable))`,
      `package a:b; world w { import wait: func(); ${runs} export spin: func(); export hang: func(); export trap: func(); }`
    )
    const imports: Imports = new Map([["", new Map([["wait", { _tag: "Async", call: () => Effect.never }]])]])

    it.effect("is gone before the caller hears of it", () =>
      Effect.gen(function*() {
        for (const name of ["spin", "hang", "trap"]) {
          const instance = yield* start(bytes, { tier: "worker", imports, timeout: Duration.millis(100) })
          assert.strictEqual(yield* call(instance, "run"), 7)
          ended.length = 0
          yield* Effect.flip(call(instance, name))
          assert.deepStrictEqual(ended, ["Terminated"])
        }
      }))
  })
})

describe("a thread that dies by itself", () => {
  const starved = JcoEngine.layerWith({ instanceHeap: 16 }).pipe(Layer.provide(NodeWorkerHost.layer))
  layer(starved, { excludeTestServices: true })((it) => {
    it.effect("fails the call with a trap and loses the instance", () =>
      Effect.gen(function*() {
        const bytes = component(
          `(module (memory (export "memory") 800) (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "much") (result i32)
              (i32.store (i32.const 8) (i32.const 16)) (i32.store (i32.const 12) (i32.const 2000000)) (i32.const 8)))`,
          "package a:b; world w { record point { x: u32, y: u32, z: u32, a: u32 } export much: func() -> list<point>; }"
        )
        const instance = yield* start(bytes, { tier: "worker", memory: 64 * mebibyte })
        const error = yield* Effect.flip(call(instance, "much"))
        assert.deepStrictEqual(error.reason, { _tag: "Trap", category: "Other" })
        assert.isTrue(instance.isPoisoned())
      }))
  })
})
