import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { describe, expect, it } from "vitest"
import type { Instance } from "../src/Instance.ts"
import { category, failure, run } from "./support/guests.ts"

/**
 * A component with a resource of its own: `make` and `eat` take and give it, `peek` borrows it, `log` has
 * the numbers that its destructor was called with.
 */
const owner = (more: { readonly core?: string; readonly funcs?: string; readonly imports?: string } = {}) =>
  `(component
  (core module $D
    (memory (export "memory") 1)
    (global $count (export "count") (mut i32) (i32.const 0))
    (global $last (export "last") (mut i32) (i32.const 0))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
    (func (export "dtor") (param i32)
      (if (i32.eq (local.get 0) (i32.const 666)) (then unreachable))
      (if (i32.eq (local.get 0) (i32.const 777)) (then (loop $ever (br $ever))))
      (global.set $last (local.get 0))
      (global.set $count (i32.add (global.get $count) (i32.const 1)))))
  (core instance $d (instantiate $D))
  (type $r' (resource (rep i32) (dtor (core func $d "dtor"))))
  (export $r "r" (type $r'))
  (core func $new (canon resource.new $r'))
  (core func $drop (canon resource.drop $r'))
  (core func $rep (canon resource.rep $r'))
  (core module $M
    (import "d" "memory" (memory 1))
    (import "d" "count" (global $count (mut i32)))
    (import "d" "last" (global $last (mut i32)))
    (import "h" "new" (func $new (param i32) (result i32)))
    (import "h" "drop" (func $drop (param i32)))
    (import "h" "rep" (func $rep (param i32) (result i32)))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "eat") (param i32) (result i32) (local $rep i32)
      (local.set $rep (call $rep (local.get 0))) (call $drop (local.get 0)) (local.get $rep))
    (func (export "keep") (param i32) (result i32) (local.get 0))
    (func (export "peek") (param i32) (result i32) (local.get 0))
    (func (export "swap") (param i32 i32) (result i32) (local.get 0))
    (func (export "dtors") (result i32) (global.get $count))
    (func (export "last") (result i32) (global.get $last))
    (func (export "drop-raw") (param i32) (call $drop (local.get 0)))
    (func (export "rep-raw") (param i32) (result i32) (call $rep (local.get 0)))
    (func (export "give-raw") (param i32) (result i32) (local.get 0))
    (func (export "churn") (param i32) (result i32)
      (loop $all (call $drop (call $new (i32.const 3)))
        (br_if $all (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (call $new (i32.const 1)))
    (func (export "hoard") (loop $ever (drop (call $new (i32.const 1))) (br $ever)))
    (func (export "many") (param i32 i32) (result i32) (i32.load (i32.add (local.get 0) (i32.const 4))))
    ${more.core ?? ""})
  (core instance $i (instantiate $M (with "d" (instance $d)) (with "h" (instance
    (export "new" (func $new)) (export "drop" (func $drop)) (export "rep" (func $rep))))))
  (func (export "make") (param "rep" u32) (result (own $r)) (canon lift (core func $i "make")))
  (func (export "eat") (param "r" (own $r)) (result u32) (canon lift (core func $i "eat")))
  (func (export "eat-two") (param "r" (own $r)) (param "n" u8) (result u32) (canon lift (core func $i "swap")))
  (func (export "keep") (param "r" (own $r)) (result u32) (canon lift (core func $i "keep")))
  (func (export "peek") (param "r" (borrow $r)) (result u32) (canon lift (core func $i "peek")))
  (func (export "swap") (param "a" (own $r)) (param "b" (borrow $r)) (result u32) (canon lift (core func $i "swap")))
  (func (export "paws") (param "b" (borrow $r)) (param "a" (own $r)) (result u32) (canon lift (core func $i "swap")))
  (func (export "dtors") (result u32) (canon lift (core func $i "dtors")))
  (func (export "last") (result u32) (canon lift (core func $i "last")))
  (func (export "drop-raw") (param "i" u32) (canon lift (core func $i "drop-raw")))
  (func (export "rep-raw") (param "i" u32) (result u32) (canon lift (core func $i "rep-raw")))
  (func (export "give-raw") (param "i" u32) (result (own $r)) (canon lift (core func $i "give-raw")))
  (func (export "churn") (param "n" u32) (result u32) (canon lift (core func $i "churn")))
  (func (export "hoard") (canon lift (core func $i "hoard")))
  (func (export "many") (param "all" (list (borrow $r))) (result u32)
    (canon lift (core func $i "many") (memory (core memory $d "memory")) (realloc (core func $d "realloc"))))
  ${more.funcs ?? ""})`

const caller = (instance: Instance) => (name: string, ...args: ReadonlyArray<unknown>): unknown =>
  instance.func(undefined, name).callSync(args)

const bad = { reason: "BadArgument" }

describe("resources of a guest in the hands of the host", () => {
  it("are opaque objects that say nothing", async () => {
    const call = caller(await run(owner()))
    const made = call("make", 41) as object
    expect(JSON.stringify(made)).toBe("{}")
    expect(Reflect.ownKeys(made)).toEqual([])
    expect(call("make", 41)).not.toBe(made)
  })

  it("are the number behind them, to the component that defines them", async () => {
    const call = caller(await run(owner()))
    expect(call("peek", call("make", 0xdead_beef))).toBe(0xdead_beef)
  })

  it("are lent for one call, and given away once", async () => {
    const call = caller(await run(owner()))
    const made = call("make", 41)
    expect(call("peek", made)).toBe(41)
    expect(call("peek", made)).toBe(41)
    expect(call("eat", made)).toBe(41)
    expect(call("dtors")).toBe(1)
    for (const name of ["eat", "peek"]) expect(await failure(() => call(name, made))).toMatchObject(bad)
    expect(call("dtors")).toBe(1)
  })

  it("are dropped by `drop`, which runs the destructor once", async () => {
    const instance = await run(owner())
    const call = caller(instance)
    const made = call("make", 9) as object
    instance.drop(made)
    expect([call("dtors"), call("last")]).toEqual([1, 9])
    expect(await failure(() => instance.drop(made))).toMatchObject(bad)
    expect(call("dtors")).toBe(1)
    expect(await failure(() => call("peek", made))).toMatchObject(bad)
  })

  it("belong to their instance alone", async () => {
    const one = await run(owner())
    const other = await run(owner())
    const made = caller(one)("make", 1) as object
    expect(await failure(() => caller(other)("peek", made))).toMatchObject(bad)
    expect(await failure(() => other.drop(made))).toMatchObject(bad)
    for (const value of [{}, null, undefined, 1, Object.create(made), { ...made }, new Proxy(made, {})]) {
      expect(await failure(() => caller(one)("peek", value))).toMatchObject(bad)
      expect(await failure(() => one.drop(value as object))).toMatchObject(bad)
    }
    expect(caller(one)("peek", made)).toBe(1)
  })

  it("cannot be lent and given away in one call, nor given twice", async () => {
    const call = caller(await run(owner()))
    const made = call("make", 5)
    for (const name of ["swap", "paws"]) {
      expect(await failure(() => call(name, made, made))).toMatchObject(bad)
      expect(call("peek", made)).toBe(5)
    }
  })

  it("stay the host's when another argument is not of its type", async () => {
    const call = caller(await run(owner()))
    const made = call("make", 5)
    expect(await failure(() => call("eat-two", made, 256))).toMatchObject(bad)
    expect(call("eat", made)).toBe(5)
  })

  it("are lent as many times as a list says", async () => {
    const call = caller(await run(owner()))
    const made = call("make", 5)
    expect(call("many", [made, made, made])).toBe(5)
    expect(call("eat", made)).toBe(5)
  })

  it("poison the instance where their destructor traps or loops, and it is not entered again", async () => {
    for (const [rep, expected] of [[666, "Unreachable"], [777, "OutOfFuel"]] as const) {
      const instance = await run(owner())
      const call = caller(instance)
      const bystander = call("make", 1) as object
      const made = call("make", rep) as object
      expect(await category(() => instance.drop(made))).toBe(expected)
      expect(await failure(() => instance.drop(bystander))).toMatchObject({ reason: "Poisoned" })
      expect(await failure(() => call("dtors"))).toMatchObject({ reason: "Poisoned" })
    }
  })

  it("cannot be dropped while a call runs", async () => {
    let error: unknown
    let instance: Instance | undefined
    let made: unknown
    instance = await run(
      `(component
        (type $r' (resource (rep i32))) (export $r "r" (type $r'))
        (core func $new (canon resource.new $r'))
        (import "host" (func $host)) (core func $host' (canon lower (func $host)))
        (core module $M (import "h" "new" (func $new (param i32) (result i32))) (import "h" "host" (func $host))
          (func (export "make") (result i32) (call $new (i32.const 1))) (func (export "go") (call $host)))
        (core instance $i (instantiate $M (with "h" (instance (export "new" (func $new)) (export "host" (func $host'))))))
        (func (export "make") (result (own $r)) (canon lift (core func $i "make")))
        (func (export "go") (canon lift (core func $i "go"))))`,
      {
        imports: {
          host: () => {
            try {
              instance?.drop(made as object)
            } catch (caught) {
              error = caught
            }
          }
        }
      }
    )
    made = caller(instance)("make")
    caller(instance)("go")
    expect(error).toMatchObject({ reason: "ReEntered" })
    instance.drop(made as object)
  })
})

describe("handles of a guest", () => {
  const stops = async (name: string, ...args: ReadonlyArray<unknown>) => {
    const instance = await run(owner())
    const call = caller(instance)
    call("keep", call("make", 7))
    return category(() => call(name, ...args))
  }

  it("that were never given, or none at all, stop the guest", async () => {
    for (const index of [0, 2, 3, 65_536, 0x7fff_ffff, 0xffff_ffff]) {
      for (const name of ["drop-raw", "rep-raw", "give-raw"]) {
        expect(await stops(name, index)).toBe("InvalidValue")
      }
    }
    expect(await stops("rep-raw", 1)).toBe("nothing")
  })

  it("that were dropped stop the guest", async () => {
    const instance = await run(owner())
    const call = caller(instance)
    const kept = call("keep", call("make", 7))
    call("drop-raw", kept)
    expect(call("dtors")).toBe(1)
    expect(await category(() => call("drop-raw", kept))).toBe("InvalidValue")
    expect(instance.isPoisoned).toBe(true)
  })

  it("are used again once they are free", async () => {
    const call = caller(await run(owner()))
    expect(call("churn", 1_000)).toBe(1)
    expect(call("dtors")).toBe(1_000)
  })

  it("are limited in number", async () => {
    const instance = await run(owner(), { limits: { handles: 100 } })
    expect(await category(() => instance.func(undefined, "hoard").callSync([]))).toBe("InvalidValue")
    const usual = await run(owner())
    expect(await category(() => usual.func(undefined, "hoard").call([], { fuel: 1e9 }))).toBe("InvalidValue")
    const exact = caller(await run(owner(), { limits: { handles: 2 } }))
    for (const rep of [1, 2]) exact("keep", exact("make", rep))
    expect(await category(() => exact("keep", exact("make", 3)))).toBe("InvalidValue")
  })

  it("are neither made nor dropped in realloc and post-return", async () => {
    for (const body of ["(drop (call $new (i32.const 1)))", "(call $drop (i32.const 1))"]) {
      const instance = await run(`(component
        (type $r (resource (rep i32)))
        (core func $new (canon resource.new $r)) (core func $drop (canon resource.drop $r))
        (core module $M (import "h" "new" (func $new (param i32) (result i32))) (import "h" "drop" (func $drop (param i32)))
          (func (export "f") (drop (call $new (i32.const 1)))) (func (export "post") ${body}))
        (core instance $i (instantiate $M (with "h" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
        (func (export "f") (canon lift (core func $i "f") (post-return (core func $i "post")))))`)
      expect(await category(() => instance.func(undefined, "f").callSync([]))).toBe("InvalidCall")
    }
  })

  it("of one type are no handles of another", async () => {
    const instance = await run(`(component
      (type $a (resource (rep i32))) (type $b (resource (rep i32)))
      (core func $new (canon resource.new $a)) (core func $drop (canon resource.drop $b))
      (core module $M (import "h" "new" (func $new (param i32) (result i32))) (import "h" "drop" (func $drop (param i32)))
        (func (export "f") (call $drop (call $new (i32.const 1)))))
      (core instance $i (instantiate $M (with "h" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
      (func (export "f") (canon lift (core func $i "f"))))`)
    expect(await category(() => instance.func(undefined, "f").callSync([]))).toBe("InvalidValue")
  })
})

/** A component that imports a resource of the host: `take` gives it one, `use` borrows, `eat` gives it back. */
const guest = `(component
  (import "file" (type $file (sub resource)))
  (import "open" (func $open (param "n" u32) (result (own $file))))
  (import "read" (func $read (param "f" (borrow $file)) (result u32)))
  (import "close" (func $close (param "f" (own $file))))
  (import "both" (func $both (param "f" (borrow $file)) (param "g" (own $file))))
  (core func $open' (canon lower (func $open)))
  (core func $read' (canon lower (func $read)))
  (core func $close' (canon lower (func $close)))
  (core func $both' (canon lower (func $both)))
  (core func $drop (canon resource.drop $file))
  (core module $M
    (import "h" "open" (func $open (param i32) (result i32)))
    (import "h" "read" (func $read (param i32) (result i32)))
    (import "h" "close" (func $close (param i32)))
    (import "h" "both" (func $both (param i32 i32)))
    (import "h" "drop" (func $drop (param i32)))
    (func (export "lend-and-give") (local $f i32) (local.set $f (call $open (i32.const 1)))
      (call $both (local.get $f) (local.get $f)))
    (global $kept (mut i32) (i32.const 0))
    (func (export "cycle") (param i32) (result i32) (local $f i32) (local $n i32)
      (local.set $n (call $read (local.tee $f (call $open (local.get 0))))) (call $drop (local.get $f)) (local.get $n))
    (func (export "cycles") (param i32)
      (loop $all (call $drop (call $open (local.get 0)))
        (br_if $all (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (call $close (call $open (i32.const 0))))
    (func (export "leak") (param i32) (result i32) (call $open (local.get 0)))
    (func (export "hand-over") (call $close (call $open (i32.const 1))))
    (func (export "use") (param i32) (result i32) (local $n i32)
      (local.set $n (call $read (local.get 0))) (call $drop (local.get 0)) (local.get $n))
    (func (export "forget") (param i32) (global.set $kept (local.get 0)))
    (func (export "steal") (param i32) (call $close (local.get 0)))
    (func (export "use-kept") (result i32) (call $read (global.get $kept)))
    (func (export "wrong") (result i32) (call $read (i32.const 17)))
    (func (export "return") (param i32) (result i32) (local.get 0))
    (func (export "two") (param i32 i32) (call $drop (local.get 0)))
    (func (export "catch") (param i32) (result i32)
      (block $caught (try_table (catch_all $caught) (call $drop (local.get 0)))) (i32.const 1)))
  (core instance $i (instantiate $M (with "h" (instance
    (export "open" (func $open')) (export "read" (func $read')) (export "both" (func $both')) (export "close" (func $close')) (export "drop" (func $drop))))))
  (func (export "cycle") (param "n" u32) (result u32) (canon lift (core func $i "cycle")))
  (func (export "cycles") (param "n" u32) (canon lift (core func $i "cycles")))
  (func (export "leak") (param "n" u32) (result u32) (canon lift (core func $i "leak")))
  (func (export "lend-and-give") (canon lift (core func $i "lend-and-give")))
  (func (export "hand-over") (canon lift (core func $i "hand-over")))
  (func (export "use") (param "f" (borrow $file)) (result u32) (canon lift (core func $i "use")))
  (func (export "forget") (param "f" (borrow $file)) (canon lift (core func $i "forget")))
  (func (export "steal") (param "f" (borrow $file)) (canon lift (core func $i "steal")))
  (func (export "use-kept") (result u32) (canon lift (core func $i "use-kept")))
  (func (export "wrong") (result u32) (canon lift (core func $i "wrong")))
  (func (export "return") (param "f" (own $file)) (result (own $file)) (canon lift (core func $i "return")))
  (func (export "two") (param "f" (borrow $file)) (param "n" u8) (canon lift (core func $i "two")))
  (func (export "drop") (param "f" (own $file)) (result u32) (canon lift (core func $i "catch"))))`

interface File {
  readonly id: number
}

const hosted = async () => {
  const log: Array<string> = []
  const instance = await run(guest, {
    imports: {
      open: (id: never): File => ({ id }),
      read: (file: never) => {
        log.push(`read ${(file as File).id}`)
        return (file as File).id
      },
      both: () => {
        log.push("both")
      },
      close: (file: never) => {
        log.push(`close ${(file as File).id}`)
      },
      "[resource-drop]file": (file: never) => {
        log.push(`drop ${(file as File).id}`)
        if ((file as File).id === 13) throw new Error("of the host")
      }
    }
  })
  return { instance, call: caller(instance), log }
}

describe("resources of the host in the hands of a guest", () => {
  it("are the host's own objects, and `[resource-drop]` is called once", async () => {
    const { call, log } = await hosted()
    expect(call("cycle", 7)).toBe(7)
    expect(log).toEqual(["read 7", "drop 7"])
    const file: File = { id: 3 }
    expect(call("return", file)).toBe(file)
    call("hand-over")
    expect(log).toEqual(["read 7", "drop 7", "close 1"])
  })

  it("are let go when the guest traps, whoever still holds its instance", async () => {
    setFlagsFromString("--expose-gc")
    const collect = runInNewContext("gc") as () => void
    const opened: Array<WeakRef<File>> = []
    const instance = await run(guest, {
      imports: {
        open: (id: never): File => {
          const file = { id }
          opened.push(new WeakRef(file))
          return file
        },
        read: () => 0,
        both: () => undefined,
        close: () => undefined,
        "[resource-drop]file": () => undefined
      }
    })
    const call = caller(instance)
    call("leak", 1)
    call("leak", 2)
    expect(() => call("wrong")).toThrow("none of this resource")
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    expect([instance.isPoisoned, ...opened.map((one) => one.deref())]).toEqual([true, undefined, undefined])
  })

  it("are let go when the guest drops them, while its call goes on", async () => {
    setFlagsFromString("--expose-gc")
    const collect = runInNewContext("gc") as () => void
    const opened: Array<WeakRef<File>> = []
    let left = Infinity
    const instance = await run(guest, {
      imports: {
        open: (id: never): File => {
          const file = { id }
          opened.push(new WeakRef(file))
          return file
        },
        read: () => 0,
        both: () => undefined,
        close: {
          async: true,
          call: async () => {
            await new Promise((resolve) => setImmediate(resolve))
            collect()
            left = opened.filter((one) => one.deref() !== undefined).length
          }
        },
        "[resource-drop]file": () => undefined
      }
    })
    await instance.func(undefined, "cycles").call([100])
    expect(opened).toHaveLength(101)
    expect(left).toBeLessThanOrEqual(1)
  })

  it("are handles that the guest counts from 1, each of its own", async () => {
    const { call } = await hosted()
    expect([call("leak", 1), call("leak", 1), call("leak", 1)]).toEqual([1, 2, 3])
  })

  it("are dropped by the guest before a call that lends them ends", async () => {
    const { call, instance, log } = await hosted()
    expect(call("use", { id: 4 })).toBe(4)
    expect(call("use", { id: 5 })).toBe(5)
    expect(log).toEqual(["read 4", "read 5"])
    expect(await category(() => call("forget", { id: 6 }))).toBe("InvalidValue")
    expect(await failure(() => call("use-kept"))).toMatchObject({ reason: "Poisoned" })
    expect(instance.isPoisoned).toBe(true)
  })

  it("cannot be given away where they were only lent", async () => {
    const { call, log } = await hosted()
    expect(await category(() => call("steal", { id: 1 }))).toBe("InvalidValue")
    expect(log).toEqual([])
  })

  it("cannot be given away while they are lent", async () => {
    const { call, log } = await hosted()
    expect(await category(() => call("lend-and-give"))).toBe("InvalidValue")
    expect(log).toEqual([])
  })

  it("are not reached by a handle that was never given", async () => {
    const { call, log } = await hosted()
    expect(await category(() => call("wrong"))).toBe("InvalidValue")
    expect(log).toEqual([])
  })

  it("are objects: other values are bad arguments, or a failure of the host", async () => {
    const { call } = await hosted()
    for (const value of [undefined, null, 0, "file", 1n, true]) {
      expect(await failure(() => call("use", value))).toMatchObject(bad)
    }
    expect(call("use", { id: 1 })).toBe(1)
    const other = await run(guest, {
      imports: { open: () => 7, read: () => 0, both: () => undefined, close: () => undefined }
    })
    expect(await category(() => caller(other)("leak", 1))).toBe("HostFailure")
  })

  it("are not lent by a call that fails for another argument", async () => {
    const { call } = await hosted()
    expect(await failure(() => call("two", { id: 1 }, 256))).toMatchObject(bad)
    expect(call("use", { id: 1 })).toBe(1)
  })

  it("stop the guest where dropping them fails, which it cannot catch", async () => {
    const { call, instance } = await hosted()
    expect(call("drop", { id: 1 })).toBe(1)
    expect(await category(() => call("drop", { id: 13 }))).toBe("HostFailure")
    expect(instance.isPoisoned).toBe(true)
  })
})

describe("resources between components", () => {
  /** A child defines a resource, its sibling uses it, both in one parent. `$use` is what the sibling does. */
  const family = (use: string) =>
    `(component
    (import "note" (func $note (param "n" u32)))
    (component $Child
      (import "note" (func $note (param "n" u32)))
      (core func $note' (canon lower (func $note)))
      (core module $D (import "h" "note" (func $note (param i32)))
        (func (export "dtor") (param i32) (call $note (local.get 0))))
      (core instance $d (instantiate $D (with "h" (instance (export "note" (func $note'))))))
      (type $r' (resource (rep i32) (dtor (core func $d "dtor"))))
      (export $r "r" (type $r'))
      (core func $new (canon resource.new $r'))
      (core module $M (import "h" "new" (func $new (param i32) (result i32)))
        (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
        (func (export "peek") (param i32) (result i32) (local.get 0)))
      (core instance $i (instantiate $M (with "h" (instance (export "new" (func $new))))))
      (func (export "make") (param "n" u32) (result (own $r)) (canon lift (core func $i "make")))
      (func (export "peek") (param "r" (borrow $r)) (result u32) (canon lift (core func $i "peek"))))
    (component $User
      (import "r" (type $r (sub resource)))
      (import "make" (func $make (param "n" u32) (result (own $r))))
      (import "peek" (func $peek (param "r" (borrow $r)) (result u32)))
      (core func $make' (canon lower (func $make))) (core func $peek' (canon lower (func $peek)))
      (core func $drop (canon resource.drop $r))
      (core module $M
        (import "h" "make" (func $make (param i32) (result i32)))
        (import "h" "peek" (func $peek (param i32) (result i32)))
        (import "h" "drop" (func $drop (param i32)))
        (func (export "go") (result i32) (local $r i32) ${use}))
      (core instance $i (instantiate $M (with "h" (instance
        (export "make" (func $make')) (export "peek" (func $peek')) (export "drop" (func $drop))))))
      (func (export "go") (result u32) (canon lift (core func $i "go"))))
    (instance $child (instantiate $Child (with "note" (func $note))))
    (instance $user (instantiate $User (with "r" (type $child "r")) (with "make" (func $child "make")) (with "peek" (func $child "peek"))))
    (export "go" (func $user "go")))`

  const goes = async (use: string) => {
    const notes: Array<number> = []
    const instance = await run(family(use), {
      imports: {
        note: (n: never) => {
          notes.push(n)
        }
      }
    })
    return { outcome: await category(() => notes.push(caller(instance)("go") as number)), notes }
  }

  it("are numbered by each component for itself, and destroyed by the one that defines them", async () => {
    expect(
      await goes(`(drop (call $make (i32.const 1))) (drop (call $make (i32.const 2)))
        (call $drop (i32.const 2)) (call $peek (i32.const 1))`)
    ).toEqual({ outcome: "nothing", notes: [2, 1] })
  })

  it("are not reached by handles that the user does not have", async () => {
    const never = [
      `(call $peek (i32.const 1))`,
      `(call $drop (i32.const 1)) (i32.const 1)`,
      `(call $drop (local.tee $r (call $make (i32.const 1)))) (call $peek (local.get $r))`,
      `(call $drop (local.tee $r (call $make (i32.const 1)))) (call $drop (local.get $r)) (i32.const 1)`
    ]
    for (const use of never) expect((await goes(use)).outcome).toBe("InvalidValue")
  })
})
