import * as Pattern from "../Pattern.ts"

export interface Rule {
  /** Rules are looked at in this order. */
  readonly order: number
  /** Absent for a kind without resources. */
  readonly pattern: Pattern.Pattern | undefined
}

/**
 * Rules of one kind, filed under the anchors of their patterns, so that a
 * resource is compared with the few that may cover it. `rules` is appended to;
 * where some are removed it is another array.
 */
export class RuleIndex<R extends Rule> {
  private all: Array<R> = []
  private files: Map<string, Array<R>> | undefined

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
  covering(resource: Pattern.Resource, anchors: ReadonlyArray<string>): ReadonlyArray<R> {
    const files = this.files ??= this.file()
    const found: Array<R> = []
    for (const anchor of anchors) {
      for (const rule of files.get(anchor) ?? []) {
        if (rule.pattern !== undefined && Pattern.covers(rule.pattern, resource)) found.push(rule)
      }
    }
    return found.length < 2 ? found : found.sort((one, other) => one.order - other.order)
  }

  private file(): Map<string, Array<R>> {
    const files = new Map<string, Array<R>>()
    for (const rule of this.all) {
      if (rule.pattern === undefined) continue
      const anchor = Pattern.anchor(rule.pattern)
      const filed = files.get(anchor)
      if (filed === undefined) files.set(anchor, [rule])
      else filed.push(rule)
    }
    return files
  }
}
