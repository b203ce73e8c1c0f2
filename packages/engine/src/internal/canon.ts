/**
 * Canonical functions: what lifts, lowers and handles resources, with the options.
 */
import type { CanonOptions } from "./blueprint.ts"
import type { CoreFuncType } from "./coreExtern.ts"
import { liftedSignature, loweredSignature } from "./flatten.ts"
import type { CoreSignature } from "./flatten.ts"
import type { Frame } from "./frame.ts"
import { defineCore, itemAt, push, readIndex } from "./frame.ts"
import type { Reader } from "./reader.ts"
import { sameCoreFunc } from "./subtyping.ts"
import { peel } from "./typeNodes.ts"
import { readResource } from "./valueTypes.ts"

export const readCanon = (reader: Reader, frame: Frame): void => {
  const start = reader.offset
  const kind = reader.byte()
  switch (kind) {
    case 0x00:
      return readLift(reader, frame, start)
    case 0x01:
      return readLower(reader, frame, start)
    case 0x02:
    case 0x03:
    case 0x04:
      return readBuiltin(reader, frame, kind, start)
    default: {
      const feature = refusedBuiltins.get(kind) ?? (kind >= 0x26 && kind <= 0x42 ? "threads" : undefined)
      return feature === undefined
        ? reader.malformed(`unknown canonical function ${kind}`, start)
        : reader.refused(feature, start)
    }
  }
}

const readLift = (reader: Reader, frame: Frame, start: number): void => {
  reader.expect(0x00)
  const { index: core, item: func } = readIndex(reader, frame.core.func, "core function")
  const options = readOptions(reader, frame)
  const type = peel(itemAt(reader, frame.types, "type"))
  if (type.k !== "func") return reader.malformed("the type of a lifted function is no function type")
  const signature = liftedSignature(type)
  if (!sameCoreFunc(signature.type, func.type)) {
    return reader.malformed(`${write(signature.type)} expected to be lifted, ${write(func.type)} found`, start)
  }
  checkOptions(reader, options, signature, start)
  const after = options.postReturn === undefined ? undefined : frame.core.func[options.postReturn]
  if (after !== undefined && !sameCoreFunc(after.type, { params: signature.type.results, results: [] })) {
    return reader.malformed(`a post-return function of type ${write(after.type)}`, start)
  }
  frame.steps.push({ op: "lift", core, type, options })
  return push(reader, frame.funcs, type)
}

const readLower = (reader: Reader, frame: Frame, start: number): void => {
  reader.expect(0x00)
  const { index: func, item: type } = readIndex(reader, frame.funcs, "function")
  const options = readOptions(reader, frame)
  const signature = loweredSignature(type)
  if (options.postReturn !== undefined) return reader.malformed("a lowered function with a post-return", start)
  checkOptions(reader, options, signature, start)
  frame.steps.push({ op: "lower", func, type, options })
  return defineCore(reader, frame, { sort: "func", type: signature.type })
}

const readBuiltin = (reader: Reader, frame: Frame, kind: 0x02 | 0x03 | 0x04, start: number): void => {
  const resource = peel(readResource(reader, frame))
  if (resource.k !== "resource") return reader.malformed("not a resource", start)
  if (kind !== 0x03 && !frame.ownResources.has(resource)) {
    return reader.malformed("a handle to a resource that is defined elsewhere", start)
  }
  const op = kind === 0x02 ? "resource.new" : kind === 0x03 ? "resource.drop" : "resource.rep"
  frame.steps.push({ op, node: resource })
  return defineCore(reader, frame, { sort: "func", type: { params: ["i32"], results: kind === 0x03 ? [] : ["i32"] } })
}

const readOptions = (reader: Reader, frame: Frame): CanonOptions => {
  const count = reader.count("options")
  const seen = new Set<number>()
  const options: { -readonly [K in keyof CanonOptions]: CanonOptions[K] } = {
    encoding: "utf8",
    memory: undefined,
    realloc: undefined,
    postReturn: undefined
  }
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    const option = reader.byte()
    const key = option <= 0x02 ? 0x00 : option
    if (seen.has(key)) reader.malformed("a canonical option given twice", start)
    seen.add(key)
    Object.assign(options, readOption(reader, frame, option, start))
  }
  return options
}

const readOption = (reader: Reader, frame: Frame, option: number, start: number): Partial<CanonOptions> => {
  switch (option) {
    case 0x00:
      return { encoding: "utf8" }
    case 0x01:
      return { encoding: "utf16" }
    case 0x02:
      return { encoding: "latin1+utf16" }
    case 0x03:
      return { memory: readIndex(reader, frame.core.memory, "core memory").index }
    case 0x04: {
      const { index, item } = readIndex(reader, frame.core.func, "core function")
      return sameCoreFunc(item.type, reallocType)
        ? { realloc: index }
        : reader.malformed(`a realloc function of type ${write(item.type)}`, start)
    }
    case 0x05:
      return { postReturn: readIndex(reader, frame.core.func, "core function").index }
    case 0x06:
      return reader.refused("async lift and lower", start)
    case 0x07:
      return reader.refused("async lift with a callback", start)
    case 0x08:
    case 0x09:
      return reader.refused("gc", start)
    default:
      return reader.malformed(`unknown canonical option ${option}`, start)
  }
}

const checkOptions = (
  reader: Reader,
  options: CanonOptions,
  signature: CoreSignature,
  start: number
): void => {
  if (options.memory === undefined) {
    if (options.realloc !== undefined) return reader.malformed("realloc without a memory", start)
    if (signature.needsMemory) return reader.malformed("a memory is needed", start)
  }
  if (signature.needsRealloc && options.realloc === undefined) {
    return reader.malformed("a realloc function is needed", start)
  }
}

const reallocType: CoreFuncType = { params: ["i32", "i32", "i32", "i32"], results: ["i32"] }

const write = ({ params, results }: CoreFuncType): string =>
  `[${params.slice(0, 20).join(" ")}] -> [${results.slice(0, 20).join(" ")}]`

export const readStart = (reader: Reader, frame: Frame): void => {
  const start = reader.offset
  const func = itemAt(reader, frame.funcs, "function")
  const args = reader.count("arguments")
  if (args !== func.params.length) return reader.malformed("a start function with another number of arguments", start)
  for (let i = 0; i < args; i++) reader.u32()
  const results = reader.u32()
  if (results !== (func.result === undefined ? 0 : 1)) {
    return reader.malformed("a start function with another number of results", start)
  }
  if (args > 0 || results > 0) reader.refused("values", start)
  reader.refused("component start functions")
}

const refusedBuiltins: ReadonlyMap<number, string> = new Map([
  [0x05, "task.cancel"],
  [0x06, "subtask.cancel"],
  [0x07, "async resource.drop"],
  [0x08, "backpressure.set"],
  [0x09, "task.return"],
  [0x0a, "context.get"],
  [0x0b, "context.set"],
  [0x0c, "thread.yield"],
  [0x0d, "subtask.drop"],
  [0x0e, "streams (stream.new)"],
  [0x0f, "streams (stream.read)"],
  [0x10, "streams (stream.write)"],
  [0x11, "streams (stream.cancel-read)"],
  [0x12, "streams (stream.cancel-write)"],
  [0x13, "streams (stream.drop-readable)"],
  [0x14, "streams (stream.drop-writable)"],
  [0x15, "futures (future.new)"],
  [0x16, "futures (future.read)"],
  [0x17, "futures (future.write)"],
  [0x18, "futures (future.cancel-read)"],
  [0x19, "futures (future.cancel-write)"],
  [0x1a, "futures (future.drop-readable)"],
  [0x1b, "futures (future.drop-writable)"],
  [0x1c, "error-context (error-context.new)"],
  [0x1d, "error-context (error-context.debug-message)"],
  [0x1e, "error-context (error-context.drop)"],
  [0x1f, "waitable-set.new"],
  [0x20, "waitable-set.wait"],
  [0x21, "waitable-set.poll"],
  [0x22, "waitable-set.drop"],
  [0x23, "waitable.join"],
  [0x24, "backpressure.inc"],
  [0x25, "backpressure.dec"]
])
