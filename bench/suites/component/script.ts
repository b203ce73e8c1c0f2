/**
 * A JavaScript guest that computes: QuickJS with the engine's meter, and
 * without one as jco links it.
 */
import * as Engine from "@airssys/engine/Engine"
import { transpileBytes } from "@bytecodealliance/jco-transpile"
import type { Work } from "../../harness/Suite.ts"
import { scriptComponent, scriptId } from "./scriptGuest.ts"
import { answering } from "./Work.ts"

const below = 2000
const wanted = 303

export const ours = async (): Promise<Work> => {
  const engine = Engine.make()
  const primes = engine.instantiate(await engine.load(await scriptComponent())).func(scriptId, "primes")
  return answering(wanted, async (count, answers) => {
    for (let call = 0; call < count; call++) answers.take((await primes.call([below])).value as number)
  })
}

interface Generated {
  readonly instantiate: (
    getCoreModule: (path: string) => Promise<WebAssembly.Module>,
    imports: object
  ) => Promise<{ readonly script: { readonly primes: (below: number) => number } }>
}

export const jco = async (): Promise<Work> => {
  const { files } = await transpileBytes(await scriptComponent(), { name: "script", instantiation: "async" })
  const source = Buffer.from(files["script.js"] as Uint8Array).toString("base64")
  const { instantiate } = await import(`data:text/javascript;base64,${source}`) as Generated
  const { script } = await instantiate((path) => WebAssembly.compile(new Uint8Array(files[path] as Uint8Array)), {})
  return answering(wanted, (count, answers) => {
    for (let call = 0; call < count; call++) answers.take(script.primes(below))
  })
}
