/**
 * The floor: the component's core module by itself, with the canonical ABI
 * written by hand for these functions. No types are checked, nothing is
 * limited, and a wrong length from the guest would go unnoticed.
 */
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import { coreModule } from "./build.ts"
import { divisionByZero, guestId, hostId } from "./guest.ts"
import * as host from "./host.ts"
import * as Work from "./Work.ts"

type CoreFunction = (...args: ReadonlyArray<number>) => number

/** What Node has of JSPI, which the types of its standard library do not. */
const { Suspending, promising } = WebAssembly as unknown as {
  readonly Suspending: new(imported: (...args: ReadonlyArray<number>) => Promise<number>) => WebAssembly.ImportValue
  readonly promising: (exported: CoreFunction) => (...args: ReadonlyArray<number>) => Promise<number>
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Up to here, characters one by one are cheaper than the platform's codecs. */
const short = 64

class Guest {
  readonly exports: WebAssembly.Exports
  readonly #memory: WebAssembly.Memory
  readonly #realloc: CoreFunction
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #length = 0
  readonly #reps: Array<number> = []
  readonly #free: Array<number> = []

  constructor(module: WebAssembly.Module, addLater: WebAssembly.ImportValue) {
    const imports = {
      [hostId]: {
        add: host.add,
        echo: (text: number, length: number, into: number) => {
          const at = this.lower(host.echo(this.lift(text, length)))
          this.#refresh()
          this.#view.setUint32(into, at, true)
          this.#view.setUint32(into + 4, this.#length, true)
        },
        "add-later": addLater
      },
      [`[export]${guestId}`]: {
        "[resource-new]counter": (rep: number) => {
          const handle = this.#free.pop() ?? this.#reps.length
          this.#reps[handle] = rep
          return handle
        }
      }
    }
    this.exports = new WebAssembly.Instance(module, imports).exports
    this.#memory = this.exports["memory"] as WebAssembly.Memory
    this.#realloc = this.exports["cabi_realloc"] as CoreFunction
    this.#bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer)
    this.#view = new DataView(this.#memory.buffer)
  }

  get(name: string): CoreFunction {
    return this.exports[name] as CoreFunction
  }

  /** Gives the address; the length is in `length` until the next. */
  lower(text: string): number {
    if (text.length <= short) {
      const at = this.#realloc(0, 0, 1, text.length)
      this.#refresh()
      let index = 0
      for (; index < text.length; index++) {
        const code = text.charCodeAt(index)
        if (code > 127) break
        this.#bytes[at + index] = code
      }
      this.#length = index
      if (index === text.length) return at
    }
    const encoded = encoder.encode(text)
    const at = this.#realloc(0, 0, 1, encoded.length)
    this.#refresh()
    this.#bytes.set(encoded, at)
    this.#length = encoded.length
    return at
  }

  lift(at: number, length: number): string {
    this.#refresh()
    if (length <= short) {
      let text = ""
      let index = 0
      for (; index < length; index++) {
        const code = this.#bytes[at + index] as number
        if (code > 127) break
        text += String.fromCharCode(code)
      }
      if (index === length) return text
    }
    return decoder.decode(this.#bytes.subarray(at, at + length))
  }

  lowerBytes(bytes: Uint8Array<ArrayBuffer>): number {
    const at = this.#realloc(0, 0, 1, bytes.length)
    this.#refresh()
    this.#bytes.set(bytes, at)
    return at
  }

  liftBytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    this.#refresh()
    return this.#bytes.slice(at, at + length)
  }

  /** Takes the representation of a resource out of the table of handles. */
  take(handle: number): number {
    this.#free.push(handle)
    return this.#reps[handle] as number
  }

  get length(): number {
    return this.#length
  }

  get view(): DataView {
    this.#refresh()
    return this.#view
  }

  #refresh(): void {
    if (this.#memory.buffer === this.#view.buffer) return
    this.#bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer)
    this.#view = new DataView(this.#memory.buffer)
  }
}

const guest = async (addLater: WebAssembly.ImportValue = host.notCalled): Promise<Guest> =>
  new Guest(await coreModule(), addLater)

export const exportAdd = async (): Promise<SuiteWork> => {
  const add = (await guest()).get(`${guestId}#add`)
  return Work.adding((count) => {
    let sum = 0
    for (let call = 0; call < count; call++) sum = add(sum, 1) >>> 0
    return sum
  })
}

export const exportAddYieldable = async (): Promise<SuiteWork> => {
  const add = promising((await guest()).get(`${guestId}#add`))
  return Work.adding(async (count) => {
    let sum = 0
    for (let call = 0; call < count; call++) sum = await add(sum, 1) >>> 0
    return sum
  })
}

export const exportEcho = async (text: string): Promise<SuiteWork> => {
  const instance = await guest()
  const echo = instance.get(`${guestId}#echo`)
  const post = instance.get(`cabi_post_${guestId}#echo`)
  return Work.answering(text, (count, answers) => {
    for (let call = 0; call < count; call++) {
      const at = echo(instance.lower(text), instance.length)
      answers.take(instance.lift(instance.view.getUint32(at, true), instance.view.getUint32(at + 4, true)))
      post(at)
    }
  })
}

export const exportBytes = async (bytes: Uint8Array<ArrayBuffer>): Promise<SuiteWork> => {
  const instance = await guest()
  const echo = instance.get(`${guestId}#echo-bytes`)
  const post = instance.get(`cabi_post_${guestId}#echo-bytes`)
  return Work.answering(bytes, (count, answers) => {
    for (let call = 0; call < count; call++) {
      const at = echo(instance.lowerBytes(bytes), bytes.length)
      answers.take(instance.liftBytes(instance.view.getUint32(at, true), instance.view.getUint32(at + 4, true)))
      post(at)
    }
  })
}

export const exportRecord = async (): Promise<SuiteWork> => {
  const instance = await guest()
  const echo = instance.get(`${guestId}#echo-item`)
  const post = instance.get(`cabi_post_${guestId}#echo-item`)
  const { item } = Work
  return Work.answering(item, (count, answers) => {
    for (let call = 0; call < count; call++) {
      const name = instance.lower(item.name)
      const at = echo(item.id, item.weight, item.active ? 1 : 0, name, instance.length)
      const { view } = instance
      answers.take({
        id: view.getUint32(at, true),
        weight: view.getFloat64(at + 8, true),
        active: view.getUint8(at + 16) === 1,
        name: instance.lift(view.getUint32(at + 20, true), view.getUint32(at + 24, true))
      })
      post(at)
    }
  })
}

type WideFunction = (shape: number, first: bigint, second: number) => number

const reinterpreted = new DataView(new ArrayBuffer(8))

const bitsOf = (value: number): bigint => {
  reinterpreted.setFloat64(0, value, true)
  return reinterpreted.getBigInt64(0, true)
}

const sendShape = (echo: WideFunction, shape: Work.Shape): number => {
  switch (shape.tag) {
    case "empty":
      return echo(0, 0n, 0)
    case "dot":
      return echo(1, BigInt(shape.val), 0)
    case "circle":
      return echo(2, bitsOf(shape.val), 0)
    case "box":
      return echo(3, BigInt(shape.val.width), shape.val.height)
  }
}

const shapeAt = (view: DataView, at: number): Work.Shape => {
  switch (view.getUint8(at)) {
    case 0:
      return { tag: "empty" }
    case 1:
      return { tag: "dot", val: view.getUint32(at + 8, true) }
    case 2:
      return { tag: "circle", val: view.getFloat64(at + 8, true) }
    default:
      return { tag: "box", val: { width: view.getUint32(at + 8, true), height: view.getUint32(at + 12, true) } }
  }
}

export const exportVariant = async (): Promise<SuiteWork> => {
  const instance = await guest()
  const echo = instance.get(`${guestId}#echo-shape`) as unknown as WideFunction
  return Work.answering(Work.shapes[3], (count, answers) => {
    for (let call = 0; call < count; call++) {
      answers.take(shapeAt(instance.view, sendShape(echo, Work.shapes[call & 3] as Work.Shape)))
    }
  })
}

const dividing = async (divisor: number, wanted: number | string): Promise<SuiteWork> => {
  const instance = await guest()
  const divide = instance.get(`${guestId}#divide`)
  return Work.answering(wanted, (count, answers) => {
    for (let call = 0; call < count; call++) {
      const at = divide(14, divisor)
      const { view } = instance
      answers.take(
        view.getUint8(at) === 0
          ? view.getUint32(at + 4, true)
          : instance.lift(view.getUint32(at + 4, true), view.getUint32(at + 8, true))
      )
    }
  })
}

export const exportResultOk = (): Promise<SuiteWork> => dividing(2, 7)

export const exportResultErr = (): Promise<SuiteWork> => dividing(0, divisionByZero)

export const resourceMethod = async (): Promise<SuiteWork> => {
  const instance = await guest()
  const make = instance.get(`${guestId}#[constructor]counter`)
  const increase = instance.get(`${guestId}#[method]counter.increase`)
  const counter = instance.take(make(0))
  return Work.counting((count) => {
    let last = 0
    for (let call = 0; call < count; call++) last = increase(counter, 1) >>> 0
    return last
  })
}

export const resourceNewDrop = async (): Promise<SuiteWork> => {
  const instance = await guest()
  const make = instance.get(`${guestId}#[constructor]counter`)
  const drop = instance.get(`${guestId}#[dtor]counter`)
  const dropped = instance.get(`${guestId}#dropped`)
  return Work.counting((count) => {
    for (let made = 0; made < count; made++) drop(instance.take(make(0)))
    return dropped()
  })
}

export const importAdd = async (perCall: number): Promise<SuiteWork> => {
  const addOften = (await guest()).get(`${guestId}#add-often`)
  return Work.adding((count) => {
    let sum = 0
    for (let left = count; left > 0; left -= perCall) sum += addOften(perCall) >>> 0
    return sum
  })
}

export const importEcho = async (text: string): Promise<SuiteWork> => {
  const instance = await guest()
  const echoOften = instance.get(`${guestId}#echo-often`)
  const post = instance.get(`cabi_post_${guestId}#echo-often`)
  return Work.echoing(text, (count) => {
    let sum = 0
    for (let left = count; left > 0; left -= Work.importsPerCall) {
      const part = echoOften(instance.lower(text), instance.length, Work.importsPerCall)
      sum += part >>> 0
      post(part)
    }
    return sum
  })
}

export const asyncImport = async (): Promise<SuiteWork> => {
  const instance = await guest(new Suspending(host.addLater))
  const addLaterOften = promising(instance.get(`${guestId}#add-later-often`))
  return Work.adding(async (count) => {
    let sum = 0
    for (let left = count; left > 0; left -= Work.suspensionsPerCall) {
      sum += await addLaterOften(Work.suspensionsPerCall) >>> 0
    }
    return sum
  })
}

export const instances = async (): Promise<() => Guest> => {
  const module = await coreModule()
  return () => new Guest(module, host.notCalled)
}

export const instantiate = async (): Promise<SuiteWork> => {
  const make = await instances()
  return Work.instantiating((count) => {
    let made = 0
    for (; made < count; made++) make()
    return made
  }, () => make().get(`${guestId}#add`)(2, 3))
}
