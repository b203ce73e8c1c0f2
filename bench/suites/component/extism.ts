/**
 * Extism: the same guest written for its interface, in this thread. Numbers
 * travel as little-endian bytes, since a plugin takes and gives bytes; it has
 * no records. What a call allocates is kept until `reset`, which is called as
 * often as a host that runs for long has to.
 *
 * It has no `async-import`: in this thread it cannot await the host, and its
 * experimental worker mode loses wake-ups, so that a round may never end.
 */
import { createPlugin, type Plugin, type PluginOutput } from "@extism/extism"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import { plugin } from "./build.ts"
import * as host from "./host.ts"
import * as Work from "./Work.ts"

const callsPerReset = 256

type Options = NonNullable<Parameters<typeof createPlugin>[1]>

const options: Options = {
  functions: {
    "extism:host/user": {
      add: (_, a: number, b: number) => host.add(a, b),
      echo: (context, at: bigint) => {
        const asked = context.read(at)
        if (asked === null) throw new Error("nothing to echo")
        return context.store(host.echo(asked.text()))
      },
      add_later: host.notCalled
    }
  }
}

const start = async (): Promise<{ readonly guest: Plugin; readonly close: () => Promise<void> }> => {
  const guest = await createPlugin(await plugin(), options)
  return { guest, close: () => guest.close() }
}

const numbers = (...values: ReadonlyArray<number>): Uint8Array => {
  const view = new DataView(new ArrayBuffer(values.length * 4))
  values.forEach((value, index) => view.setUint32(index * 4, value, true))
  return new Uint8Array(view.buffer)
}

/** An output is a DataView, which its declared type does not say under these libraries. */
const numberOf = (output: PluginOutput | null): number => {
  if (output === null) throw new Error("the plugin gave nothing")
  return (output as unknown as DataView).getUint32(0, true)
}

const pair = (a: number, b: number): Uint8Array => {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, a, true)
  view.setUint32(4, b, true)
  return bytes
}

export const exportAdd = async (): Promise<SuiteWork> => {
  const { close, guest } = await start()
  return Work.adding(async (count) => {
    let sum = 0
    for (let call = 0; call < count; call++) {
      sum = numberOf(await guest.call("add", pair(sum, 1)))
      if (call % callsPerReset === 0) await guest.reset()
    }
    return sum
  }, close)
}

/** Its calls are asynchronous in any case. */
export const exportAddYieldable = exportAdd

export const exportBytes = async (bytes: Uint8Array<ArrayBuffer>): Promise<SuiteWork> => {
  const { close, guest } = await start()
  return Work.answering(bytes, async (count, answers) => {
    for (let call = 0; call < count; call++) {
      const output = await guest.call("echo", bytes)
      if (output !== null) answers.take(output.bytes().slice() as Uint8Array<ArrayBuffer>)
      if (call % callsPerReset === 0) await guest.reset()
    }
  }, close)
}

export const exportEcho = async (text: string): Promise<SuiteWork> => {
  const { close, guest } = await start()
  return Work.answering(text, async (count, answers) => {
    for (let call = 0; call < count; call++) {
      const output = await guest.call("echo", text)
      if (output !== null) answers.take(output.text())
      if (call % callsPerReset === 0) await guest.reset()
    }
  }, close)
}

export const importAdd = async (perCall: number): Promise<SuiteWork> => {
  const { close, guest } = await start()
  return Work.adding(async (count) => {
    let sum = 0
    for (let left = count; left > 0; left -= perCall) {
      sum += numberOf(await guest.call("add_often", numbers(perCall)))
      await guest.reset()
    }
    return sum
  }, close)
}

export const importEcho = async (text: string): Promise<SuiteWork> => {
  const { close, guest } = await start()
  const encoder = new TextEncoder()
  return Work.echoing(text, async (count) => {
    let sum = 0
    for (let left = count; left > 0; left -= Work.importsPerCall) {
      const input = new Uint8Array(4 + text.length)
      input.set(numbers(Work.importsPerCall))
      encoder.encodeInto(text, input.subarray(4))
      sum += numberOf(await guest.call("echo_often", input))
      await guest.reset()
    }
    return sum
  }, close)
}

export const instances = async (): Promise<() => Promise<Plugin>> => {
  const module = await plugin()
  return () => createPlugin(module, options)
}

export const instantiate = async (): Promise<SuiteWork> => {
  const make = await instances()
  return Work.instantiating(async (count) => {
    let made = 0
    for (; made < count; made++) await (await make()).close()
    return made
  }, async () => {
    const guest = await make()
    return numberOf(await guest.call("add", pair(2, 3)))
  })
}
