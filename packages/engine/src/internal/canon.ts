/**
 * Canonical functions: what lifts, lowers and handles resources, with the options.
 */
import type { CanonOptions, StringEncoding } from "./blueprint.ts"
import type { Frame } from "./frame.ts"
import { countCore, itemAt, push, readCoreIndex, readIndex } from "./frame.ts"
import type { Reader } from "./reader.ts"
import { peel } from "./typeNodes.ts"
import { readResource } from "./valueTypes.ts"

export const readCanon = (reader: Reader, frame: Frame): void => {
  const start = reader.offset
  const kind = reader.byte()
  switch (kind) {
    case 0x00: {
      reader.expect(0x00)
      const core = readCoreIndex(reader, frame, "func")
      const options = readOptions(reader, frame)
      const type = itemAt(reader, frame.types, "type")
      if (type.k !== "func") return reader.malformed("the type of a lifted function is no function type")
      frame.steps.push({ op: "lift", core, type, options })
      return push(reader, frame.funcs, type)
    }
    case 0x01: {
      reader.expect(0x00)
      const { index, item } = readIndex(reader, frame.funcs, "function")
      const options = readOptions(reader, frame)
      frame.steps.push({ op: "lower", func: index, type: item, options })
      return countCore(reader, frame, "func")
    }
    case 0x02:
    case 0x03:
    case 0x04: {
      const resource = peel(readResource(reader, frame))
      if (resource.k !== "resource") return reader.malformed("not a resource", start)
      if (kind !== 0x03 && !frame.ownResources.has(resource)) {
        return reader.malformed("a handle to a resource that is defined elsewhere", start)
      }
      const op = kind === 0x02 ? "resource.new" : kind === 0x03 ? "resource.drop" : "resource.rep"
      frame.steps.push({ op, node: resource })
      return countCore(reader, frame, "func")
    }
    default: {
      const feature = refusedBuiltins.get(kind) ?? (kind >= 0x26 && kind <= 0x42 ? "threads" : undefined)
      return feature === undefined
        ? reader.malformed(`unknown canonical function ${kind}`, start)
        : reader.refused(feature, start)
    }
  }
}

const readOptions = (reader: Reader, frame: Frame): CanonOptions => {
  const count = reader.count("options")
  let encoding: StringEncoding = "utf8"
  let memory: number | undefined
  let realloc: number | undefined
  let postReturn: number | undefined
  const seen = new Set<number>()
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    const option = reader.byte()
    const key = option <= 0x02 ? 0x00 : option
    if (seen.has(key)) reader.malformed("a canonical option given twice", start)
    seen.add(key)
    switch (option) {
      case 0x00:
        encoding = "utf8"
        break
      case 0x01:
        encoding = "utf16"
        break
      case 0x02:
        encoding = "latin1+utf16"
        break
      case 0x03:
        memory = readCoreIndex(reader, frame, "memory")
        break
      case 0x04:
        realloc = readCoreIndex(reader, frame, "func")
        break
      case 0x05:
        postReturn = readCoreIndex(reader, frame, "func")
        break
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
  return { encoding, memory, realloc, postReturn }
}

export const readStart = (reader: Reader, frame: Frame): void => {
  const func = itemAt(reader, frame.funcs, "function")
  const args = reader.count("arguments")
  const results = reader.u32()
  if (args > 0 || results > 0 || func.params.length > 0 || func.result !== undefined) reader.refused("values")
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
