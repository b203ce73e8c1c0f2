/**
 * What it takes to meter a core module, and to validate it, which comes first.
 */
import { randomBytes } from "node:crypto"
import { metering } from "../../../packages/engine/src/internal/core/meter.ts"
import { atOnce } from "../../../packages/engine/src/internal/steps.ts"
import type { Work } from "../../harness/Suite.ts"
import { scriptComponent } from "../component/scriptGuest.ts"
import { coreModules } from "./guests.ts"

/** The largest core module of a JavaScript guest. */
const quickjs = async (): Promise<Uint8Array<ArrayBuffer>> => {
  const [largest] = [...coreModules(await scriptComponent())].sort((a, b) => b.length - a.length)
  if (largest === undefined) throw new Error("a component without core modules")
  return largest.slice()
}

/** Megabytes of a module that are worked through in a second; the last result is what is checked. */
const throughput = <A>(bytes: Uint8Array, once: () => A, check: (result: A) => boolean): Work => {
  let done = 0
  let last: A | undefined
  let speed = 0
  return {
    run: (count) => {
      const start = performance.now()
      for (done = 0; done < count; done++) last = once()
      speed = count * bytes.length / (performance.now() - start) / 1e3
    },
    check: (count) => {
      const result = last
      last = undefined
      if (done !== count || result === undefined || !check(result)) throw new Error("not all of it was done")
    },
    figure: () => speed
  }
}

export const meter = async (): Promise<Work> => {
  const bytes = await quickjs()
  const randomName = (): string => randomBytes(12).toString("hex")
  return throughput(bytes, () => atOnce(metering(bytes, { randomName })), ({ bytes }) => WebAssembly.validate(bytes))
}

export const validate = async (): Promise<Work> => {
  const bytes = await quickjs()
  return throughput(bytes, () => WebAssembly.validate(bytes), (isValid) => isValid)
}
