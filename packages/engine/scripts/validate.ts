/**
 * The process behind `oracle.ts`: answers each component that it is sent, and
 * ends after a panic, which leaves wasm-tools unusable.
 */
import { componentWit } from "@bytecodealliance/jco-transpile/wasm-tools"

const validate = async (bytes: Uint8Array): Promise<{ problem: string | undefined; died: boolean }> => {
  try {
    await componentWit(bytes)
    return { problem: undefined, died: false }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { problem, died: error instanceof WebAssembly.RuntimeError || problem.includes("unreachable") }
  }
}

process.on("message", async (components: ReadonlyArray<string>) => {
  for (const one of components) {
    const answer = await validate(Buffer.from(one, "base64"))
    process.send?.(answer)
    if (answer.died) return process.disconnect?.()
  }
})
