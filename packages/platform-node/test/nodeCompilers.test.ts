import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import { nodeCompilers } from "../src/internal/nodeCompilers.ts"

const empty = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
const invalid = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x7f)

const { compile } = WebAssembly

/** The most that V8 compiles at the same time while `run` runs. */
const together = async (run: () => Promise<unknown>): Promise<number> => {
  let now = 0
  let most = 0
  vi.spyOn(WebAssembly, "compile").mockImplementation(async (bytes) => {
    most = Math.max(most, ++now)
    await new Promise((resolve) => setImmediate(resolve))
    try {
      return await compile(bytes)
    } finally {
      now--
    }
  })
  await run()
  return most
}

const compiled = (bytes: Uint8Array<ArrayBuffer>, eager: boolean) =>
  nodeCompilers.module(bytes, eager).then(() => "compiled", (error: unknown) => (error as Error).name)

describe("modules", () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it("are compiled together until one is compiled ahead, and one after the other from then on", async () => {
    const some = (eager: boolean) => () => Promise.all([empty, empty, empty].map((bytes) => compiled(bytes, eager)))
    assert.strictEqual(await together(some(false)), 3)
    assert.strictEqual(await together(some(true)), 1)
    assert.strictEqual(await together(some(false)), 1)
  })

  it("do not wait for one that is refused", async () => {
    const all = [invalid, empty, invalid, empty].map((bytes) => compiled(bytes, true))
    assert.deepStrictEqual(await Promise.all(all), ["CompileError", "compiled", "CompileError", "compiled"])
  })
})
