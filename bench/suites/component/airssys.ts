/**
 * Ours: the engine by itself, in this thread, with its limits. All calls are
 * metered, arguments and results of guest and host checked against their types.
 */
import * as Engine from "@airssys/engine/Engine"
import type { ExportedFunc, Instance } from "@airssys/engine/Instance"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import { component } from "./build.ts"
import { divisionByZero, guestId, hostId } from "./guest.ts"
import * as host from "./host.ts"
import * as Work from "./Work.ts"

const imports = (later: Engine.HostFunc): Engine.Imports =>
  new Map([[
    hostId,
    new Map<string, Engine.HostFunc>([
      ["add", { call: host.add }],
      ["echo", { call: host.echo }],
      ["add-later", later]
    ])
  ]])

/** A function that makes an instance; one with an asynchronous import has no synchronous calls. */
const load = async (suspends: boolean): Promise<() => Instance> => {
  const engine = Engine.make()
  const loaded = await engine.load(await component())
  const options = {
    imports: imports(suspends ? { call: host.addLater, async: true } : { call: host.notCalled }),
    limits: { memory: 1 << 20 }
  }
  return () => engine.instantiate(loaded, options)
}

const guest = async (suspends = false): Promise<Instance> => (await load(suspends))()

const exported = async (name: string, suspends = false): Promise<ExportedFunc> =>
  (await guest(suspends)).func(guestId, name)

interface Result {
  readonly val: number | string
}

export const exportAdd = async (): Promise<SuiteWork> => {
  const add = await exported("add")
  return Work.adding((count) => {
    let sum = 0
    for (let call = 0; call < count; call++) sum = add.callSync([sum, 1]) as number
    return sum
  })
}

export const exportAddYieldable = async (): Promise<SuiteWork> => {
  const add = await exported("add")
  return Work.adding(async (count) => {
    let sum = 0
    for (let call = 0; call < count; call++) sum = (await add.call([sum, 1])).value as number
    return sum
  })
}

const echoing = async <A>(name: string, value: A): Promise<SuiteWork> => {
  const echo = await exported(name)
  return Work.answering(value, (count, answers) => {
    for (let call = 0; call < count; call++) answers.take(echo.callSync([value]) as A)
  })
}

export const exportEcho = (text: string): Promise<SuiteWork> => echoing("echo", text)

export const exportBytes = (bytes: Uint8Array<ArrayBuffer>): Promise<SuiteWork> => echoing("echo-bytes", bytes)

export const exportRecord = (): Promise<SuiteWork> => echoing("echo-item", Work.item)

export const exportVariant = async (): Promise<SuiteWork> => {
  const echo = await exported("echo-shape")
  return Work.answering(Work.shapes[3], (count, answers) => {
    for (let call = 0; call < count; call++) answers.take(echo.callSync([Work.shapes[call & 3]]) as Work.Shape)
  })
}

const dividing = async (divisor: number, wanted: number | string): Promise<SuiteWork> => {
  const divide = await exported("divide")
  return Work.answering(wanted, (count, answers) => {
    for (let call = 0; call < count; call++) answers.take((divide.callSync([14, divisor]) as Result).val)
  })
}

export const exportResultOk = (): Promise<SuiteWork> => dividing(2, 7)

export const exportResultErr = (): Promise<SuiteWork> => dividing(0, divisionByZero)

export const resourceMethod = async (): Promise<SuiteWork> => {
  const instance = await guest()
  const counter = instance.func(guestId, "[constructor]counter").callSync([0])
  const increase = instance.func(guestId, "[method]counter.increase")
  return Work.counting((count) => {
    let last = 0
    for (let call = 0; call < count; call++) last = increase.callSync([counter, 1]) as number
    return last
  })
}

export const resourceNewDrop = async (): Promise<SuiteWork> => {
  const instance = await guest()
  const make = instance.func(guestId, "[constructor]counter")
  const dropped = instance.func(guestId, "dropped")
  return Work.counting((count) => {
    for (let made = 0; made < count; made++) instance.drop(make.callSync([0]) as object)
    return dropped.callSync([]) as number
  })
}

export const importAdd = async (perCall: number): Promise<SuiteWork> => {
  const addOften = await exported("add-often")
  return Work.adding((count) => {
    let sum = 0
    for (let left = count; left > 0; left -= perCall) sum += addOften.callSync([perCall]) as number
    return sum
  })
}

export const importEcho = async (text: string): Promise<SuiteWork> => {
  const echoOften = await exported("echo-often")
  return Work.echoing(text, (count) => {
    let sum = 0
    for (let left = count; left > 0; left -= Work.importsPerCall) {
      sum += echoOften.callSync([text, Work.importsPerCall]) as number
    }
    return sum
  })
}

export const asyncImport = async (): Promise<SuiteWork> => {
  const addLaterOften = await exported("add-later-often", true)
  return Work.adding(async (count) => {
    let sum = 0
    for (let left = count; left > 0; left -= Work.suspensionsPerCall) {
      sum += (await addLaterOften.call([Work.suspensionsPerCall])).value as number
    }
    return sum
  })
}

export const instances = (): Promise<() => Instance> => load(false)

export const instantiate = async (): Promise<SuiteWork> => {
  const make = await load(false)
  return Work.instantiating((count) => {
    let made = 0
    for (; made < count; made++) make().dispose()
    return made
  }, () => make().func(guestId, "add").callSync([2, 3]) as number)
}
