/**
 * A process that loads what it is told, so that it lies in a cache on disk and
 * V8 has not seen it in the process that asks. Argument: the cache's folder.
 * Each message is the path of a component; the answer is sent once it is stored.
 */
import * as fs from "node:fs/promises"
import { engines } from "./engines.ts"

const { make, stored } = await engines(process.argv[2] ?? "")

process.on("message", (file: string) => {
  const store = async (): Promise<void> => {
    const bytes = new Uint8Array(await fs.readFile(file))
    await Promise.all([stored(), make().load(bytes)])
  }
  store().then(() => process.send?.("stored"), (error: unknown) => process.send?.(String(error)))
})
