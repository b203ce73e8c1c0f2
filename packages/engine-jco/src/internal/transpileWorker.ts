/**
 * Worker entry that transpiles one component and is then thrown away: a
 * component can crash jco's transpiler or leave it broken for the next one.
 */
import { $init, generate } from "@bytecodealliance/jco-transpile/component"
import type { WorkerPort } from "airssys/component/WorkerHost"

/**
 * `slots` maps each imported interface id, or name of the world's own imported
 * function, to the key under which the source looks it up.
 */
export interface TranspileRequest {
  readonly bytes: Uint8Array
  readonly slots: ReadonlyArray<readonly [name: string, slot: string]>
  readonly suspending: {
    readonly imports: ReadonlyArray<string>
    readonly exports: ReadonlyArray<string>
  } | undefined
}

export const start = (port: WorkerPort): void => {
  port.onMessage((message) => {
    void answer(port, message as TranspileRequest)
  })
}

const answer = async (port: WorkerPort, request: TranspileRequest): Promise<void> => {
  try {
    port.post(await transpile(request))
  } catch (error) {
    port.post({ _tag: "Failed", detail: String(error instanceof Error ? error.message : error).slice(0, 2000) })
  }
}

const transpile = async (request: TranspileRequest) => {
  await $init
  const { files } = generate(request.bytes, {
    name: "component",
    map: request.slots.map(([name, slot]): [string, string] => [name, slot]),
    instantiation: { tag: "sync" },
    ...(request.suspending === undefined ? {} : {
      asyncMode: {
        tag: "jspi" as const,
        val: { imports: [...request.suspending.imports], exports: [...request.suspending.exports] }
      }
    }),
    validLiftingOptimization: false,
    noComponentErrorWrapping: true,
    noNodejsCompat: true,
    noTypescript: true,
    base64Cutoff: 0,
    multiMemory: true
  })
  let source = ""
  const modules: Array<{ readonly name: string; readonly bytes: Uint8Array }> = []
  for (const [name, bytes] of files) {
    if (name.endsWith(".js")) source = new TextDecoder().decode(bytes)
    else if (name.endsWith(".wasm")) modules.push({ name, bytes })
  }
  return { _tag: "Transpiled", source, modules }
}
