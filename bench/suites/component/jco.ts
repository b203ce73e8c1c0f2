/**
 * jco: what its transpiler writes with its default options, called directly.
 * No limits; arguments are coerced, not checked.
 *
 * `quiet` is the same without its debug reads: what it writes looks up
 * `process.env.JCO_DEBUG` several times in each call.
 */
import { transpileBytes } from "@bytecodealliance/jco-transpile"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import { component } from "./build.ts"
import { divisionByZero, guestId, hostId } from "./guest.ts"
import * as host from "./host.ts"
import * as Work from "./Work.ts"

interface Counter extends Disposable {
  readonly increase: (by: number) => number
}

interface Guest {
  readonly add: (a: number, b: number) => number | Promise<number>
  readonly echo: (text: string) => string
  readonly echoBytes: (bytes: Uint8Array) => Uint8Array<ArrayBuffer>
  readonly echoItem: (item: Work.Item) => Work.Item
  readonly echoShape: (shape: Work.Shape) => Work.Shape
  readonly divide: (a: number, b: number) => number
  readonly Counter: new(start: number) => Counter
  readonly dropped: () => number
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

const debugRead = "if (!globalThis?.process?.env?.JCO_DEBUG) { return; }"

const silenced = (source: string): string => {
  const parts = source.split(debugRead)
  if (parts.length !== 2) throw new Error(`jco writes its debug read ${parts.length - 1} times, not once`)
  return parts.join("return;")
}

/**
 * A function that makes an instance out of modules that are compiled already.
 */
const generated = async (isQuiet: boolean, suspends: boolean): Promise<() => Guest> => {
  const { files } = await transpileBytes(await component(), {
    name: "suite",
    instantiation: "sync",
    ...(suspends && {
      asyncMode: "jspi",
      asyncImports: [`${hostId}#add-later`],
      asyncExports: [`${guestId}#add`, `${guestId}#add-later-often`]
    })
  })
  const modules = new Map<string, WebAssembly.Module>()
  for (const [path, content] of Object.entries(files)) {
    if (path.endsWith(".wasm")) modules.set(path, await WebAssembly.compile(new Uint8Array(content)))
  }
  const written = Buffer.from(files["suite.js"] as Uint8Array).toString()
  const source = Buffer.from(isQuiet ? silenced(written) : written).toString("base64")
  const { instantiate } = await import(`data:text/javascript;base64,${source}`) as Generated
  const imports = {
    "bench:suite/host": { add: host.add, echo: host.echo, addLater: suspends ? host.addLater : host.notCalled }
  }
  return () => instantiate((path) => modules.get(path) as WebAssembly.Module, imports).guest
}

const works = (isQuiet: boolean): Work.Works => {
  const guest = async (suspends = false): Promise<Guest> => (await generated(isQuiet, suspends))()
  return {
    exportAdd: async () => exportAdd(await guest()),
    exportAddYieldable: async () => exportAddYieldable(await guest(true)),
    exportEcho: async (text) => exportEcho(await guest(), text),
    exportBytes: async (bytes) => exportBytes(await guest(), bytes),
    exportRecord: async () => exportRecord(await guest()),
    exportVariant: async () => exportVariant(await guest()),
    exportResultOk: async () => exportResultOk(await guest()),
    exportResultErr: async () => exportResultErr(await guest()),
    resourceMethod: async () => resourceMethod(await guest()),
    resourceNewDrop: async () => resourceNewDrop(await guest()),
    importAdd: async (perCall) => importAdd(await guest(), perCall),
    importEcho: async (text) => importEcho(await guest(), text),
    asyncImport: async () => asyncImport(await guest(true)),
    instantiate: async () => instantiate(await generated(isQuiet, false)),
    instances: () => generated(isQuiet, false)
  }
}

export const written: Work.Works = works(false)

export const quiet: Work.Works = works(true)

const exportAdd = ({ add }: Guest): SuiteWork =>
  Work.adding((count) => {
    let sum = 0
    for (let call = 0; call < count; call++) sum = add(sum, 1) as number
    return sum
  })

const exportAddYieldable = ({ add }: Guest): SuiteWork =>
  Work.adding(async (count) => {
    let sum = 0
    for (let call = 0; call < count; call++) sum = await add(sum, 1)
    return sum
  })

const exportEcho = ({ echo }: Guest, text: string): SuiteWork =>
  Work.answering(text, (count, answers) => {
    for (let call = 0; call < count; call++) answers.take(echo(text))
  })

const exportBytes = ({ echoBytes }: Guest, bytes: Uint8Array<ArrayBuffer>): SuiteWork =>
  Work.answering(bytes, (count, answers) => {
    for (let call = 0; call < count; call++) answers.take(echoBytes(bytes))
  })

const exportRecord = ({ echoItem }: Guest): SuiteWork =>
  Work.answering(Work.item, (count, answers) => {
    for (let call = 0; call < count; call++) answers.take(echoItem(Work.item))
  })

const exportVariant = ({ echoShape }: Guest): SuiteWork =>
  Work.answering(Work.shapes[3], (count, answers) => {
    for (let call = 0; call < count; call++) answers.take(echoShape(Work.shapes[call & 3] as Work.Shape))
  })

const exportResultOk = ({ divide }: Guest): SuiteWork =>
  Work.answering(7, (count, answers) => {
    for (let call = 0; call < count; call++) answers.take(divide(14, 2))
  })

/** An error of a `result` is thrown as it is. */
const exportResultErr = ({ divide }: Guest): SuiteWork =>
  Work.answering(divisionByZero, (count, answers) => {
    for (let call = 0; call < count; call++) {
      try {
        divide(14, 0)
      } catch (error) {
        answers.take(error as string)
      }
    }
  })

const resourceMethod = ({ Counter }: Guest): SuiteWork => {
  const counter = new Counter(0)
  return Work.counting((count) => {
    let last = 0
    for (let call = 0; call < count; call++) last = counter.increase(1)
    return last
  })
}

const resourceNewDrop = ({ Counter, dropped }: Guest): SuiteWork =>
  Work.counting((count) => {
    for (let made = 0; made < count; made++) new Counter(0)[Symbol.dispose]()
    return dropped()
  })

const importAdd = ({ addOften }: Guest, perCall: number): SuiteWork =>
  Work.adding((count) => {
    let sum = 0
    for (let left = count; left > 0; left -= perCall) sum += addOften(perCall)
    return sum
  })

const importEcho = ({ echoOften }: Guest, text: string): SuiteWork =>
  Work.echoing(text, (count) => {
    let sum = 0
    for (let left = count; left > 0; left -= Work.importsPerCall) sum += echoOften(text, Work.importsPerCall)
    return sum
  })

const asyncImport = ({ addLaterOften }: Guest): SuiteWork =>
  Work.adding(async (count) => {
    let sum = 0
    for (let left = count; left > 0; left -= Work.suspensionsPerCall) {
      sum += await addLaterOften(Work.suspensionsPerCall)
    }
    return sum
  })

const instantiate = (make: () => Guest): SuiteWork =>
  Work.instantiating((count) => {
    let made = 0
    for (; made < count; made++) make()
    return made
  }, () => make().add(2, 3))
