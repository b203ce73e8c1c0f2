import * as Build from "@airssys/sdk/Build"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const entries = { totals: "src/totals.wat", rates: "src/main.ts", miner: "src/miner.wat" } as const

/** Builds a component of examples/plugins where it stands. */
export const buildExample = async (name: keyof typeof entries) => {
  const folder = fileURLToPath(new URL(`../../../examples/plugins/${name}`, import.meta.url))
  const result = await Build.build({
    entry: join(folder, entries[name]),
    out: join(folder, `dist/${name}.wasm`),
    wit: join(folder, "wit"),
    cacheDir: fileURLToPath(new URL("../../../.airssys/cache", import.meta.url))
  })
  return { folder, out: result.out }
}
