import { describe, expect, it } from "vitest"
import { type Engine, type EngineName, Refused, Trapped, Unlinked } from "../engines/contract.ts"
import { find, parse } from "../expectations.ts"
import { judge } from "../report.ts"
import { type Result, Spoilt } from "../result.ts"
import { runScript } from "../wast/runScript.ts"
import { read } from "../wast/script.ts"

interface Behaviour {
  readonly name?: EngineName
  readonly load?: () => void
  readonly instantiate?: () => void
  readonly invoke?: (name: string) => unknown
}

const engine = ({ instantiate, invoke, load, name = "airssys" }: Behaviour): Engine => ({
  name,
  load: async () => {
    load?.()
    return {
      instantiate: () => {
        instantiate?.()
        return { invoke: (_, export_) => invoke?.(export_) }
      }
    }
  }
})

const run = async (
  behaviour: Behaviour,
  source: string,
  { from = 0, lost = new Map<number, string>() } = {}
): Promise<ReadonlyArray<Result>> => {
  const results: Array<Result> = []
  await runScript(engine(behaviour), "a.wast", read(source), {
    from,
    lost,
    begin: async () => {},
    end: async (_, result) => void results.push(result)
  })
  return results
}

const statuses = (results: ReadonlyArray<Result>) => results.map(({ status }) => status)

const refuse = (feature?: string) => () => {
  throw new Refused("no", feature)
}
const trap = (category = "Other") => (): never => {
  throw new Trapped(category, "stopped")
}
const broken = (): never => {
  throw new TypeError("x is undefined")
}
const unlink = (): never => {
  throw new Unlinked("no such import")
}
const unwanted = (): never => expect.fail("it was loaded")

describe("checks of a script", () => {
  it("pass when the engine does what is asserted", async () => {
    const results = await run(
      { invoke: (name) => name === "trap" ? trap("Unreachable")() : 1 },
      `(component) (assert_return (invoke "f") (u32.const 1)) (assert_trap (invoke "trap") "unreachable") (invoke "f")`
    )
    expect(results.map(({ at, seen, status }) => `${at} ${status} ${seen}`)).toEqual([
      "a.wast:1 passed instantiated",
      "a.wast:1 passed returned 1",
      "a.wast:1 passed trapped: Unreachable",
      "a.wast:1 passed returned 1"
    ])
  })

  it("fail when a value is another, a trap is missing or has another category", async () => {
    const results = await run(
      { invoke: (name) => name === "trap" ? trap("MemoryOutOfBounds")() : 1 },
      `(component) (assert_return (invoke "f") (u32.const 2)) (assert_return (invoke "f"))
       (assert_trap (invoke "trap") "unreachable") (assert_trap (invoke "f") "anything")
       (assert_return (invoke "trap"))`
    )
    expect(statuses(results)).toEqual(["passed", "failed", "failed", "failed", "failed", "failed"])
    expect(results[1]?.reason).toBe("expected 2, got 1")
  })

  it("hold jco to the categories of core WebAssembly alone", async () => {
    const source = `(component) (assert_trap (invoke "f") "unaligned pointer")`
    expect(statuses(await run({ invoke: trap("Other"), name: "jco" }, source))).toEqual(["passed", "passed"])
    expect(statuses(await run({ invoke: trap("Other") }, source))).toEqual(["passed", "failed"])
  })

  it("that ask for a refusal fail when it loads, traps or breaks", async () => {
    const source = `(assert_invalid (component) "no") (assert_malformed (component binary "") "no")`
    expect(statuses(await run({ load: refuse() }, source))).toEqual(["passed", "passed"])
    expect(statuses(await run({}, source))).toEqual(["failed", "failed"])
    expect(statuses(await run({ load: trap() }, source))).toEqual(["failed", "failed"])
    expect((await run({ load: broken }, source)).map(({ seen }) => seen)).toEqual(["broken", "broken"])
  })

  it("that ask for a missing import fail when a component is instantiated or refused", async () => {
    const source = `(assert_unlinkable (component) "no")`
    expect(statuses(await run({ instantiate: unlink }, source))).toEqual(["passed"])
    expect(statuses(await run({}, source))).toEqual(["failed"])
    expect(statuses(await run({ load: refuse() }, source))).toEqual(["failed"])
  })

  it("have the fate of the component that they need, with its place", async () => {
    const results = await run(
      { load: refuse("map types") },
      `(component)
       (assert_return (invoke "f"))
       (component definition $C)
       (component instance $i $C)
       (assert_trap (invoke $i "f") "unreachable")
       (assert_return (invoke $unknown "f"))`
    )
    expect(results.map(({ cause, reason, status }) => [status, reason, cause])).toEqual([
      ["failed", "refused: map types: no", "a.wast:1"],
      ["failed", "refused: map types: no", "a.wast:1"],
      ["failed", "refused: map types: no", "a.wast:3"],
      ["failed", "refused: map types: no", "a.wast:3"],
      ["failed", "refused: map types: no", "a.wast:3"],
      ["failed", "no instance is named $unknown", undefined]
    ])
  })

  it("of an asynchronous component are skipped only where it is refused by name", async () => {
    const source = `(component (type (stream u8))) (assert_return (invoke "f"))`
    const skipped = await run({ load: refuse("streams") }, source)
    expect(skipped.map(({ reason, status }) => [status, reason])).toEqual([
      ["skipped", "asynchronous: streams"],
      ["skipped", "asynchronous: streams"]
    ])
    const unnamed = await run({ load: refuse() }, source)
    expect(unnamed.map(({ reason }) => reason)).toEqual([
      "refused: no, instead of naming what is asynchronous in it",
      "refused: no, instead of naming what is asynchronous in it"
    ])
    expect(statuses(unnamed)).toEqual(["failed", "failed"])
    expect(statuses(await run({ load: refuse("map types") }, source))).toEqual(["failed", "failed"])
    const loaded = await run({}, source)
    expect(statuses(loaded)).toEqual(["failed", "failed"])
    expect(loaded[0]?.reason).toBe("it loads, and has asynchronous features: stream")
  })

  it("of an asynchronous component are not tried on jco", async () => {
    expect(statuses(await run({ load: unwanted, name: "jco" }, `(component (type (stream u8)))`))).toEqual(["skipped"])
  })

  it("are skipped where the assembler does not take the text", async () => {
    const results = await run({}, `(component (nonsense)) (assert_return (invoke "f"))`)
    expect(statuses(results)).toEqual(["skipped", "skipped"])
    expect(results[0]?.reason).toMatch(/^the assembler does not take its text: /)
  })

  it("stop at a step that spoils the process, and go on behind it in the next", async () => {
    const source = `(component) (component) (assert_return (invoke "f"))`
    let loads = 0
    const crash = () => {
      if (++loads === 2) throw new WebAssembly.RuntimeError("unreachable")
    }
    await expect(run({ load: crash }, source)).rejects.toBeInstanceOf(Spoilt)
    const rest = await run({}, source, { from: 2, lost: new Map([[1, "it crashed"]]) })
    expect(rest).toMatchObject([{ status: "failed", reason: "it crashed", cause: "a.wast:1" }])
  })
})

const result = (fields: Partial<Result>): Result => ({
  engine: "airssys",
  at: "values/a.wast:7",
  what: "component",
  status: "failed",
  seen: "refused",
  reason: "refused: map types",
  cause: undefined,
  ...fields
})

describe("expectations", () => {
  const finds = (line: string, fields: Partial<Result> = {}) => find(parse(line), result(fields)) !== undefined

  it("name a failure by engine, place and part of what went wrong", () => {
    expect(finds("airssys | values/a.wast | map types | gated")).toBe(true)
    expect(finds("airssys | values/*.wast | * | gated")).toBe(true)
    expect(finds("airssys | values/a.wast:7 | map | gated")).toBe(true)
    expect(finds("jco | values/a.wast | map types | gated")).toBe(false)
    expect(finds("airssys | other/*.wast | map types | gated")).toBe(false)
    expect(finds("airssys | values/a.wast:8 | map types | gated")).toBe(false)
    expect(finds("airssys | values/a.wast | streams | gated")).toBe(false)
  })

  it("name what could not be tried by the place of what was lost", () => {
    const line = "airssys | values/a.wast:3 | map types | gated"
    expect(finds(line, { cause: "values/a.wast:3" })).toBe(true)
    expect(finds(line, { cause: "values/a.wast:4" })).toBe(false)
  })

  it.each(["airssys | a.wast | x", "wasmtime | a.wast | x | y", "airssys | a.wast | x | ", "nonsense", "jco|a|b|c|d"])(
    "refuse the line %s, which gives no reason or no engine",
    (line) => {
      expect(() => parse(`# fine\n\n${line}`)).toThrow("line 3: expected")
    }
  )
})

describe("the closing line", () => {
  it("counts what an expectation names apart from other failures", () => {
    const expectations = parse("airssys | values/*.wast | map types | gated\njco | other.wast | * | old")
    const { lines, totals } = judge("s", ["airssys", "jco"], [
      result({}),
      result({ at: "values/b.wast:1", reason: "it loads" }),
      result({ status: "passed" }),
      result({ status: "skipped", reason: "asynchronous: streams" }),
      result({ engine: "jco", status: "passed", seen: "loaded" })
    ], expectations)
    expect(totals).toEqual([
      { suite: "s", engine: "airssys", passed: 1, failed: 1, expected: 1, skipped: 1 },
      { suite: "s", engine: "jco", passed: 1, failed: 0, expected: 0, skipped: 0 }
    ])
    expect(lines).toContain("FAILED airssys values/b.wast:1 component: it loads")
    expect(lines).toContain("expected of airssys: values/a.wast:7: gated")
    expect(lines).toContain("skipped on airssys: values/a.wast:7: asynchronous: streams")
    expect(lines).toContain("unused: line 2 of the expectations names no failure: jco | other.wast | *")
  })

  it("comes after every difference between engines", () => {
    const seen = (airssys: string, jco: string) =>
      judge("s", ["airssys", "jco"], [
        result({ seen: airssys, status: "passed", reason: undefined }),
        result({ seen: jco, status: "passed", reason: undefined, engine: "jco" })
      ], []).lines
    expect(seen("returned 1", "returned 2")).toEqual([
      "differs: values/a.wast:7 component: airssys returned 1, jco returned 2"
    ])
    expect(seen("returned 1", "returned 1")).toEqual([])
    expect(seen("trapped: InvalidValue", "trapped: Other")).toEqual([])
    expect(seen("trapped: Unreachable", "trapped: MemoryOutOfBounds")).toHaveLength(1)
  })
})
