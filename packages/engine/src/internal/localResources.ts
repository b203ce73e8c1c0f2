/**
 * Where the resources of a component come from: what it imports mentions none
 * that it makes, what it exports mentions none that has no name outside.
 */
import { childrenOf, externNodes } from "./children.ts"
import type { Reader } from "./reader.ts"
import { peel } from "./typeNodes.ts"
import type { Extern, ResourceNode, Scope, TypeNode } from "./typeNodes.ts"

export class LocalResources {
  readonly #scope: Scope
  readonly #imported = new Set<ResourceNode>()
  readonly #named = new Set<ResourceNode>()
  readonly #walked = new Set<TypeNode>()

  constructor(scope: Scope) {
    this.#scope = scope
  }

  /** Takes an import, for which no resource before the one numbered `before` was made. */
  addImport(at: Reader, extern: Extern, before: number): void {
    this.addNames(at, extern)
    const found = new Set<ResourceNode>()
    this.#collect(at, extern, this.#walked, found)
    for (const resource of found) {
      if (resource.number >= before) this.#imported.add(resource)
      else if (!this.#imported.has(resource)) at.malformed("a resource of the component itself in an import")
    }
  }

  /** Takes the resources that an import or an export gives a name. */
  addNames(at: Reader, extern: Extern): void {
    at.spend(1)
    if (extern.sort === "type") {
      const node = peel(extern.node)
      if (node.k === "resource") this.#named.add(node)
    }
    if (extern.sort === "instance") { for (const inner of extern.node.exports.values()) this.addNames(at, inner) }
  }

  checkExports(at: Reader, exports: ReadonlyMap<string, Extern>): void {
    const walked = new Set<TypeNode>()
    const found = new Set<ResourceNode>()
    for (const extern of exports.values()) this.#collect(at, extern, walked, found)
    for (const resource of found) {
      if (!this.#named.has(resource)) at.malformed("a resource in an export is not exported under a name")
    }
  }

  #collect(at: Reader, extern: Extern, walked: Set<TypeNode>, found: Set<ResourceNode>): void {
    const queue = externNodes(new Map([["", extern]]))
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      if (walked.has(node) || !node.homes.includes(this.#scope)) continue
      walked.add(node)
      at.spend(1)
      if (node.k === "resource") found.add(node)
      else for (const child of childrenOf(node)) queue.push(child)
    }
  }
}
