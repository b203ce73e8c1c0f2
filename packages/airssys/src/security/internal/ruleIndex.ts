import * as Pattern from "../Pattern.ts"

export interface Rule {
  /** Rules are looked at in this order. */
  readonly order: number
  /** Absent for a kind without resources. */
  readonly pattern: Pattern.Pattern | undefined
}

const none: ReadonlyArray<never> = []

/**
 * Rules of one kind, filed under the anchors of their patterns, so that a
 * resource is compared with the few that may cover it. `rules` is appended to;
 * where some are removed it is another array.
 */
export class RuleIndex<R extends Rule> {
  private all: Array<R> = []
  private files: Map<number, Array<R>> | undefined
  /** The depths at which something is filed, as bits. */
  private depths = 0

  get rules(): ReadonlyArray<R> {
    return this.all
  }

  add(rule: R): void {
    this.all.push(rule)
    this.files = undefined
  }

  remove(isRemoved: (rule: R) => boolean): void {
    this.all = this.all.filter((rule) => !isRemoved(rule))
    this.files = undefined
  }

  /** Those that cover a resource, in their order. */
  covering(resource: Pattern.Resource): ReadonlyArray<R> {
    const files = this.files ??= this.file()
    let found: Array<R> | undefined
    for (let depth = 0, left = this.depths; left !== 0; depth++, left >>= 1) {
      const anchor = (left & 1) === 0 ? undefined : Pattern.anchorAt(resource, depth)
      const filed = anchor === undefined ? undefined : files.get(anchor)
      if (filed === undefined) continue
      for (const rule of filed) {
        if (rule.pattern === undefined || !Pattern.covers(rule.pattern, resource)) continue
        if (found === undefined) found = [rule]
        else found.push(rule)
      }
    }
    if (found === undefined) return none
    return found.length < 2 ? found : found.sort((one, other) => one.order - other.order)
  }

  private file(): Map<number, Array<R>> {
    const files = new Map<number, Array<R>>()
    this.depths = 0
    for (const rule of this.all) {
      if (rule.pattern === undefined) continue
      const anchor = Pattern.anchor(rule.pattern)
      this.depths |= 1 << Pattern.depthOf(anchor)
      const filed = files.get(anchor)
      if (filed === undefined) files.set(anchor, [rule])
      else filed.push(rule)
    }
    return files
  }
}
