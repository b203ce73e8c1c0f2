/**
 * What a type consists of.
 */
import type { Extern, TypeNode, ValueNode } from "./typeNodes.ts"

export const externNodes = (externs: ReadonlyMap<string, Extern>): Array<TypeNode> =>
  Array.from(externs.values()).flatMap((extern) => extern.sort === "module" ? [] : [extern.node])

const present = (nodes: ReadonlyArray<ValueNode | undefined>): ReadonlyArray<ValueNode> =>
  nodes.filter((node) => node !== undefined)

export const childrenOf = (node: TypeNode): ReadonlyArray<TypeNode> => {
  switch (node.k) {
    case "alias":
      return [node.target]
    case "own":
    case "borrow":
      return [node.resource]
    case "list":
    case "option":
      return [node.item]
    case "result":
      return present([node.ok, node.err])
    case "tuple":
      return node.items
    case "record":
      return node.fields.map(({ type }) => type)
    case "variant":
      return present(node.cases.map(({ type }) => type))
    case "func":
      return present([...node.params.map(({ type }) => type), node.result])
    case "instance":
      return externNodes(node.exports)
    case "component":
      return [...externNodes(node.imports), ...externNodes(node.exports)]
    default:
      return []
  }
}
