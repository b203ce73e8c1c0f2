import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import { CoreModule } from "./checker/coreModule.ts"
import { ops } from "./checker/opcodes.ts"
import { differences, outcome } from "./generator/differential.ts"
import { generate } from "./generator/generate.ts"

const seeds = 120
const tiered = 40
const script = fileURLToPath(new URL("../scripts/checkMeter.ts", import.meta.url))

/** What the script prints for these seeds, in a process of its own. */
const printed = async (flags: ReadonlyArray<string>, ...args: ReadonlyArray<string>): Promise<Array<string>> => {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, ...args])
  return stdout.trim().split("\n")
}

const digests = (...flags: ReadonlyArray<string>): Promise<Array<string>> =>
  printed(flags, "--digests", "0", String(tiered))

const recursions = (flag: string, stack: number): Promise<Array<string>> =>
  printed([flag], "--recursion", "0", String(tiered), String(stack))

describe("generated modules", () => {
  it("are valid and have all instructions that are metered", () => {
    const found = new Set<number>()
    for (let seed = 0; seed < seeds; seed++) {
      const { bytes } = generate(seed)
      expect(WebAssembly.validate(bytes), `seed ${seed}`).toBe(true)
      const module = new CoreModule(bytes)
      for (const body of module.bodies) for (const { code } of module.instructions(body)) found.add(code)
    }
    const missing = ops.filter(({ code, name }) => !found.has(code) && !name.includes("relaxed"))
    expect(missing.map(({ name }) => name)).toEqual([])
  })

  it("do the same metered, in slices and until their fuel is used up", { timeout: 60_000 }, () => {
    for (let seed = 0; seed < seeds; seed++) expect(differences(seed), `seed ${seed}`).toEqual([])
  })

  it("use fuel", () => {
    const used = Array.from({ length: 20 }, (_, seed) => outcome(seed).fuel.reduce((sum, fuel) => sum + fuel, 0))
    expect(Math.min(...used)).toBeGreaterThan(0)
    expect(new Set(used).size).toBeGreaterThan(15)
  })

  it("use the same fuel in baseline and in optimised code", { timeout: 60_000 }, async () => {
    const [baseline, optimised, usual] = await Promise.all([
      digests("--liftoff-only"),
      digests("--no-liftoff"),
      digests()
    ])
    expect(baseline).toHaveLength(tiered)
    expect(optimised).toEqual(baseline)
    expect(usual).toEqual(baseline)
  })

  it.each(["--liftoff-only", "--no-liftoff"])(
    "end by their own counter before the stack of V8 is used up, with %s",
    { timeout: 60_000 },
    async (flag) => {
      const counted = await recursions(flag, 900_000)
      expect(counted).toContain("stopped")
      expect(counted).not.toContain("overflowed")
      expect(await recursions(flag, 1_000_000_000)).toContain("overflowed")
    }
  )
})
