import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { table as costs } from "../src/CostTable.ts"
import type { Metered } from "../src/internal/core/meter.ts"
import { meter } from "../src/internal/core/meter.ts"
import type { Report } from "./checker/checkMetered.ts"
import { checkMetered } from "./checker/checkMetered.ts"
import type { Instruction } from "./checker/coreModule.ts"
import { CoreModule } from "./checker/coreModule.ts"
import type { Edit } from "./checker/edit.ts"
import { edited } from "./checker/edit.ts"
import { Code, op } from "./checker/opcodes.ts"
import { signed } from "./generator/encode.ts"
import { generate } from "./generator/generate.ts"
import { assemble } from "./support/components.ts"

let drawn = 0
const metered = (bytes: Uint8Array): Metered => meter(bytes, { randomName: () => `name ${drawn++}` })

/** One function for each thing that metered code has to get right. */
const sample = assemble(`(module
  (type $unary (func (param i32) (result i32)))
  (tag $e (param i32))
  (memory 1 9)
  (table $t 4 9 funcref)
  (elem (table $t) (i32.const 0) func $loops $calls)
  (elem $passive func $loops)
  (data $data "data")
  (func $leaf (param i32) (result i32) local.get 0 i32.const 1 i32.add)
  (func $loops (export "loops") (type $unary)
    loop $again
      local.get 0 i32.const 1 i32.sub local.tee 0 br_if $again
    end
    local.get 0)
  (func $calls (export "calls") (type $unary)
    local.get 0 i32.eqz if i32.const 7 return end
    local.get 0 call $leaf i32.const 2 i32.sub call $calls)
  (func $both (export "both") (type $unary) (local i32)
    loop $again
      local.get 0 i32.const 3 i32.and if
        local.get 0 i32.const 1 call_indirect (type $unary) local.set 1
      else
        i32.const 9 local.get 1 br_if 2 drop
      end
      local.get 0 i32.const 1 i32.sub local.tee 0 br_if $again
    end
    local.get 1)
  (func $tail (export "tail") (type $unary)
    local.get 0 i32.eqz if i32.const 7 return end
    local.get 0 i32.const 1 i32.sub return_call $tail)
  (func $tries (export "tries") (type $unary)
    block $caught (result i32)
      try_table (result i32) (catch $e $caught)
        local.get 0 call $throws
      end
      call $loops
    end
    call $calls)
  (func $throws (type $unary)
    local.get 0 if local.get 0 throw $e end
    local.get 0)
  (func $bulk (export "bulk") (type $unary)
    i32.const 0 i32.const 1 local.get 0 memory.fill
    i32.const 0 i32.const 9 local.get 0 memory.copy
    i32.const 0 i32.const 0 local.get 0 memory.init $data
    i32.const 0 ref.null func local.get 0 table.fill $t
    i32.const 0 i32.const 1 local.get 0 table.copy $t $t
    i32.const 0 i32.const 0 local.get 0 table.init $t $passive
    ref.null func local.get 0 table.grow $t drop
    local.get 0 memory.grow))`)

interface Sampled {
  readonly original: Uint8Array
  readonly module: Metered
  readonly report: Report
  readonly code: ReadonlyArray<Instruction & { readonly func: number }>
  /** What the checker says of other code with the names of this module. */
  readonly judge: (...edits: ReadonlyArray<Edit>) => ReadonlyArray<string>
}

const prepare = async (): Promise<Sampled> => {
  const original = await sample
  const module = metered(original)
  const parsed = new CoreModule(module.bytes)
  return {
    original,
    module,
    report: checkMetered(original, module, costs),
    code: parsed.bodies.flatMap((body) =>
      parsed.instructions(body).map((instruction) => ({ ...instruction, func: body.index }))
    ),
    judge: (...edits) =>
      checkMetered(original, { bytes: edited(module.bytes, edits), names: module.names }, costs).problems
  }
}

const within = ({ end, start }: Instruction, pieces: Report["pieces"]): boolean =>
  pieces.some((piece) => piece.start <= start && end <= piece.end)

describe("what the meter writes", () => {
  it("holds for a module of everything", async () => {
    const { report } = await prepare()
    expect(report.problems).toEqual([])
    expect(report.pieces.length).toBeGreaterThan(30)
  })

  it.each([
    "@bytecodealliance/jco-transpile/vendor/wasm-tools.core.wasm",
    "@bytecodealliance/jco-transpile/vendor/wasm-tools.core2.wasm",
    "@dprint/json/plugin.wasm"
  ])("holds for %s", (path) => {
    const bytes = readFileSync(new URL(`../../../node_modules/${path}`, import.meta.url))
    const { functions, problems } = checkMetered(bytes, metered(bytes), costs)
    expect(problems).toEqual([])
    expect(functions).toBeGreaterThan(30)
  })

  it("holds for generated modules", () => {
    for (let seed = 0; seed < 150; seed++) {
      const { bytes } = generate(seed)
      expect(checkMetered(bytes, metered(bytes), costs).problems, `seed ${seed}`).toEqual([])
    }
  })
})

describe("what the meter writes of long functions", () => {
  it("checks on the way, however long it is straight ahead", async () => {
    const work = "local.get 0 i32.const 3 i32.div_s local.set 0 ".repeat(8_000)
    const original = await assemble(`(module (func (export "long") (param i32) (result i32)
      local.get 0 if (result i32) ${work} local.get 0 else i32.const 1 end))`)
    const { instructions, problems } = checkMetered(original, metered(original), costs)
    expect(problems).toEqual([])
    expect(instructions).toBeGreaterThan(32_000)
  })
})

describe("the checker of metered modules", () => {
  it("refuses a module that was not metered at all", async () => {
    const { module, original } = await prepare()
    const { problems } = checkMetered(original, { bytes: Uint8Array.from(original), names: module.names }, costs)
    expect(problems).not.toEqual([])
  })

  it("refuses a module whose functions were left as they are", async () => {
    const { judge, module, original } = await prepare()
    const before = new CoreModule(original)
    const after = new CoreModule(module.bytes)
    const edits = before.bodies.flatMap((body, index) => {
      const other = after.bodies[index]
      return other === undefined ? [] : [{ ...other, bytes: original.subarray(body.start, body.end) }]
    })
    const problems = judge(...edits)
    const [, ...others] = before.bodies
    const unseen = others.filter(({ index }) => !problems.some((problem) => problem.startsWith(`function ${index} `)))
    expect(unseen).toEqual([])
  })

  it("misses each piece of inserted code that is taken away", async () => {
    const { judge, report } = await prepare()
    for (const piece of report.pieces) {
      expect(judge({ ...piece, bytes: [] }), `at ${piece.start}`).not.toEqual([])
    }
  })

  it.each([1, -1])("sees each charge that is changed by %i", async (change) => {
    const { code, judge, report } = await prepare()
    const charges = code.filter((here, index) =>
      here.code === Code.i32Const && within(here, report.pieces) &&
      code[index + 1]?.code === op("i32.sub").code && code[index - 1]?.code !== Code.localTee
    )
    expect(charges.length).toBeGreaterThan(8)
    for (const { a, end, start } of charges) {
      const bytes = [0x41, ...signed(BigInt(a + change))]
      expect(judge({ start, end, bytes }), `${a} at ${start}`).not.toEqual([])
    }
  })

  it("misses each check that compares with another number", async () => {
    const { code, judge } = await prepare()
    const checks = code.filter((here, index) =>
      here.code === Code.i32Const && here.a === 0 && code[index + 2]?.code === Code.if
    )
    expect(checks.length).toBeGreaterThan(16)
    for (const { end, start } of checks) {
      const bytes = [0x41, ...signed(-100_000n)]
      expect(judge({ start, end, bytes }), `at ${start}`).not.toEqual([])
    }
  })

  it("misses each bulk operation that is done without its function", async () => {
    const { code, judge, original } = await prepare()
    const before = new CoreModule(original)
    const [bulk] = before.bodies.slice(-1)
    if (bulk === undefined) throw new Error("no body")
    const operations = before.instructions(bulk).filter(({ code }) => code >= 0xfc000 || code === Code.memoryGrow)
    const helpers = code.filter((here) => here.func === bulk.index && here.code === Code.call)
    expect(operations.length).toBe(8)
    const replaced = operations.filter(({ code }) =>
      code !== Code.tableFill && code !== Code.tableCopy && code !== Code.tableInit
    )
    for (const operation of replaced) {
      const bytes = original.subarray(operation.start, operation.end)
      const found = helpers.some(({ end, start }) =>
        judge({ start, end, bytes }).some((problem) => problem.includes("is not paid for by its length"))
      )
      expect(found, `opcode ${operation.code}`).toBe(true)
    }
  })

  it("misses each payment in the functions that do bulk operations", async () => {
    const { code, judge, original } = await prepare()
    const own = new CoreModule(original).functions.length
    const checks = code.flatMap((here, index) => {
      const [call, end] = [code[index + 1], code[index + 2]]
      const check = here.func >= own && here.code === Code.if && call?.code === Code.call && end?.code === Code.end
      return check ? [{ start: call.start, end: call.end, bytes: [] }] : []
    })
    expect(checks.length).toBeGreaterThan(8)
    for (const check of checks) expect(judge(check), `at ${check.start}`).not.toEqual([])
  })

  it("refuses code of the original that touches the fuel", async () => {
    const { code, judge, module } = await prepare()
    const after = new CoreModule(module.bytes)
    const fuel = after.exports.find(({ name }) => name === module.names.fuel)?.index
    const setter = code.find(({ func }) => func === fuel)
    const body = after.bodies.find(({ index }) => index === 1)
    if (setter === undefined || body === undefined) throw new Error("no function")
    const refill = [0x41, 0x00, 0x24, setter.a]
    expect(judge({ start: body.code, end: body.code, bytes: refill })).not.toEqual([])
  })

  it("sees a frame that is too small for what is paid when its calls have returned", async () => {
    const work = "local.get 0 i32.const 3 i32.mul local.set 0 ".repeat(500)
    const original = await assemble(`(module (func $deep (export "deep") (param i32) (result i32)
      local.get 0 if local.get 0 i32.const 1 i32.sub call $deep local.set 0 end ${work} local.get 0))`)
    const module = metered(original)
    const { problems, tail } = checkMetered(original, module, costs)
    expect(problems).toEqual([])
    expect(tail.fuel).toBeGreaterThan(1_500)
    const parsed = new CoreModule(module.bytes)
    const [body] = parsed.bodies
    const code = body === undefined ? [] : parsed.instructions(body)
    const frame = code.find(({ code: op }, index) => op === Code.i32Const && code[index - 1]?.code === Code.localTee)
    if (frame === undefined) throw new Error("no frame")
    expect(frame.a).toBe(tail.frame)
    const bytes = edited(module.bytes, [{ ...frame, bytes: [0x41, ...signed(160n)] }])
    const found = checkMetered(original, { bytes, names: module.names }, costs).problems
    expect(found).toEqual([expect.stringContaining("unchecked after a call")])
  })
})
