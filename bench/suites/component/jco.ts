/**
 * jco: what its transpiler writes with its default options, called directly.
 * No limits; arguments are coerced, not checked.
 */
import { transpileBytes } from "@bytecodealliance/jco-transpile"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import { component } from "./build.ts"
import { guestId, hostId } from "./guest.ts"
import * as host from "./host.ts"
import * as Work from "./Work.ts"

interface Guest {
  readonly add: (a: number, b: number) => number
  readonly echo: (text: string) => string
  readonly echoItem: (item: Work.Item) => Work.Item
  readonly addOften: (times: number) => number
  readonly echoOften: (text: string, times: number) => number
  readonly addLaterOften: (times: number) => number | Promise<number>
}

interface Generated {
  readonly instantiate: (
    getCoreModule: (path: string) => WebAssembly.Module,
    imports: Readonly<Record<string, unknown>>
  ) => { readonly guest: Guest }
}

/**
 * A function that makes an instance out of modules that are compiled already.
 */
const generated = async (suspends: boolean): Promise<() => Guest> => {
  const { files } = await transpileBytes(await component(), {
    name: "suite",
    instantiation: "sync",
    ...(suspends && {
      asyncMode: "jspi",
      asyncImports: [`${hostId}#add-later`],
      asyncExports: [`${guestId}#add-later-often`]
    })
  })
  const modules = new Map<string, WebAssembly.Module>()
  for (const [path, content] of Object.entries(files)) {
    if (path.endsWith(".wasm")) modules.set(path, await WebAssembly.compile(new Uint8Array(content)))
  }
  const source = Buffer.from(files["suite.js"] as Uint8Array).toString("base64")
  const { instantiate } = await import(`data:text/javascript;base64,${source}`) as Generated
  const imports = {
    "bench:suite/host": { add: host.add, echo: host.echo, addLater: suspends ? host.addLater : host.notCalled }
  }
  return () => instantiate((path) => modules.get(path) as WebAssembly.Module, imports).guest
}

const guest = async (suspends = false): Promise<Guest> => (await generated(suspends))()

export const exportAdd = async (): Promise<SuiteWork> => {
  const { add } = await guest()
  return Work.adding((count) => {
    let sum = 0
    for (let call = 0; call < count; call++) sum = add(sum, 1)
    return sum
  })
}

export const exportEcho = async (text: string): Promise<SuiteWork> => {
  const { echo } = await guest()
  return Work.answering(text, (count, answers) => {
    for (let call = 0; call < count; call++) answers.take(echo(text))
  })
}

export const exportRecord = async (): Promise<SuiteWork> => {
  const { echoItem } = await guest()
  return Work.answering(Work.item, (count, answers) => {
    for (let call = 0; call < count; call++) answers.take(echoItem(Work.item))
  })
}

export const importAdd = async (): Promise<SuiteWork> => {
  const { addOften } = await guest()
  return Work.adding((count) => {
    let sum = 0
    for (let left = count; left > 0; left -= Work.importsPerCall) sum += addOften(Work.importsPerCall)
    return sum
  })
}

export const importEcho = async (text: string): Promise<SuiteWork> => {
  const { echoOften } = await guest()
  return Work.echoing(text, (count) => {
    let sum = 0
    for (let left = count; left > 0; left -= Work.importsPerCall) sum += echoOften(text, Work.importsPerCall)
    return sum
  })
}

export const asyncImport = async (): Promise<SuiteWork> => {
  const { addLaterOften } = await guest(true)
  return Work.adding(async (count) => {
    let sum = 0
    for (let left = count; left > 0; left -= Work.suspensionsPerCall) {
      sum += await addLaterOften(Work.suspensionsPerCall)
    }
    return sum
  })
}

export const instantiate = async (): Promise<SuiteWork> => {
  const make = await generated(false)
  return Work.instantiating((count) => {
    let made = 0
    for (; made < count; made++) make()
    return made
  }, () => make().add(2, 3))
}
