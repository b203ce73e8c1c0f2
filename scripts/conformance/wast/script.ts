/**
 * A script as the commands that it gives to an engine.
 */
import { head, lineOf, type List, type Literal, type Node, parse, SyntaxProblem } from "./tree.ts"
import { type Value, value } from "./value.ts"

/** Where the bytes of a component come from. `asynchronous` names the features of Component Model async in its text. */
export type Source =
  | { readonly _tag: "Text"; readonly text: string; readonly asynchronous: ReadonlyArray<string> }
  | { readonly _tag: "Quoted"; readonly text: string; readonly asynchronous: ReadonlyArray<string> }
  | { readonly _tag: "Bytes"; readonly bytes: Uint8Array<ArrayBuffer> }

/** An export called on the instance that `instance` names, or on the latest. */
export interface Call {
  readonly instance: string | undefined
  readonly export: string
  readonly args: ReadonlyArray<Value>
}

export type Action =
  | { readonly _tag: "Call"; readonly call: Call }
  | { readonly _tag: "Instantiate"; readonly source: Source }
  | { readonly _tag: "InstantiateNamed"; readonly component: string | undefined }

export type Order =
  | { readonly _tag: "Component"; readonly name: string | undefined; readonly source: Source }
  | { readonly _tag: "Definition"; readonly name: string | undefined; readonly source: Source }
  | { readonly _tag: "Instance"; readonly name: string | undefined; readonly component: string | undefined }
  | { readonly _tag: "Invoke"; readonly call: Call }
  | { readonly _tag: "AssertReturn"; readonly call: Call; readonly values: ReadonlyArray<Value> }
  | { readonly _tag: "AssertTrap"; readonly action: Action; readonly message: string }
  | {
    readonly _tag: "AssertRefused"
    readonly how: "assert_invalid" | "assert_malformed"
    readonly source: Source
    readonly message: string
  }
  | { readonly _tag: "AssertUnlinkable"; readonly source: Source; readonly message: string }
  | { readonly _tag: "Unsupported"; readonly what: string }

/** `keyword` is what the script calls it, `line` where it starts. */
export interface Command {
  readonly line: number
  readonly keyword: string
  readonly order: Order
}

/** Reads a whole script; a SyntaxProblem says where it breaks. */
export const read = (source: string): ReadonlyArray<Command> =>
  parse(source).map((list) => ({
    line: lineOf(source, list.start),
    keyword: head(list) ?? "",
    order: order(source, list)
  }))

const order = (source: string, list: List): Order => {
  const keyword = head(list)
  switch (keyword) {
    case "component":
      return component(source, list)
    case "invoke":
      return { _tag: "Invoke", call: call(list) }
    case "assert_return":
      return { _tag: "AssertReturn", call: call(listAt(list, 1)), values: list.items.slice(2).map(value) }
    case "assert_trap":
    case "assert_exhaustion":
      return { _tag: "AssertTrap", action: action(source, listAt(list, 1)), message: message(list) }
    case "assert_invalid":
    case "assert_malformed":
    case "assert_unlinkable": {
      const wanted = listAt(list, 1)
      if (head(wanted) !== "component") return { _tag: "Unsupported", what: "a core module" }
      const { source: from } = definition(source, wanted)
      return keyword === "assert_unlinkable"
        ? { _tag: "AssertUnlinkable", source: from, message: message(list) }
        : { _tag: "AssertRefused", how: keyword, source: from, message: message(list) }
    }
    case "module":
      return { _tag: "Unsupported", what: "a core module" }
    default:
      return { _tag: "Unsupported", what: `the command ${keyword ?? "without a name"}` }
  }
}

const component = (source: string, list: List): Order => {
  if (atomAt(list, 1) === "instance") {
    const [name, component] = list.items.slice(2).map((_) => _._tag === "Atom" ? _.text : undefined)
    return { _tag: "Instance", name, component }
  }
  const { isDefinition, name, source: from } = definition(source, list)
  return { _tag: isDefinition ? "Definition" : "Component", name, source: from }
}

/** `(component definition? $name? ...)`, with its content as text, quoted text or bytes. */
const definition = (source: string, list: List) => {
  let next = 1
  const isDefinition = atomAt(list, next) === "definition"
  if (isDefinition) next++
  const from = list.items[next]?.start ?? list.end - 1
  const name = atomAt(list, next)?.startsWith("$") === true ? atomAt(list, next++) : undefined
  return { isDefinition, name, source: content(source, list, from, next) }
}

/** `from` is where the text of a component begins, `next` the item after its name. */
const content = (source: string, list: List, from: number, next: number): Source => {
  const form = atomAt(list, next)
  if (form === "binary") return { _tag: "Bytes", bytes: joined(list.items.slice(next + 1)) }
  if (form === "quote") {
    const text = `(component ${new TextDecoder().decode(joined(list.items.slice(next + 1)))})`
    return { _tag: "Quoted", text, asynchronous: [] }
  }
  return {
    _tag: "Text",
    text: `(component ${source.slice(from, list.end)}`,
    asynchronous: [...new Set(asynchronousIn(list))]
  }
}

const asynchronousAtom =
  /^(async|callback|stream|future|error-context|(task|subtask|waitable|waitable-set|stream|future|error-context|context|thread|backpressure)\.[a-z][a-z.-]*|yield)$/

const asynchronousIn = (list: List): ReadonlyArray<string> =>
  list.items.flatMap((item) => {
    if (item._tag === "List") return head(item) === "core" && atomAt(item, 1) === "module" ? [] : asynchronousIn(item)
    return item._tag === "Atom" && asynchronousAtom.test(item.text) ? [item.text] : []
  })

const action = (source: string, list: List): Action => {
  if (head(list) === "invoke") return { _tag: "Call", call: call(list) }
  if (head(list) !== "component") throw new SyntaxProblem("an assertion on neither a call nor a component", list.start)
  const made = component(source, list)
  return made._tag === "Instance"
    ? { _tag: "InstantiateNamed", component: made.component }
    : { _tag: "Instantiate", source: definition(source, list).source }
}

const call = (list: List): Call => {
  if (head(list) !== "invoke") throw new SyntaxProblem("expected (invoke ...)", list.start)
  const instance = atomAt(list, 1)
  const at = instance === undefined ? 1 : 2
  return { instance, export: textOf(list.items[at], list), args: list.items.slice(at + 1).map(value) }
}

const message = (list: List): string => textOf(list.items[2], list)

const textOf = (node: Node | undefined, list: List): string => {
  if (node?._tag !== "Literal") throw new SyntaxProblem("expected a string", node?.start ?? list.start)
  return new TextDecoder().decode(node.bytes)
}

const atomAt = (list: List, at: number): string | undefined => {
  const item = list.items[at]
  return item?._tag === "Atom" ? item.text : undefined
}

const listAt = (list: List, at: number): List => {
  const item = list.items[at]
  if (item?._tag !== "List") throw new SyntaxProblem("expected a list", item?.start ?? list.start)
  return item
}

const joined = (nodes: ReadonlyArray<Node>): Uint8Array<ArrayBuffer> => {
  const parts = nodes.map((node): Literal => {
    if (node._tag !== "Literal") throw new SyntaxProblem("expected a string", node.start)
    return node
  })
  return Uint8Array.from(parts.flatMap(({ bytes }) => [...bytes]))
}
