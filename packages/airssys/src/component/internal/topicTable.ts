import * as Pattern from "../../security/Pattern.ts"

/** Somebody who listens; `subscriber` is a component, or undefined for the host's own program. */
export interface Listener<A> {
  readonly pattern: Pattern.Pattern
  readonly subscriber: string | undefined
  readonly tell: A
}

/** Listeners by what their pattern begins with, so that a topic is compared with few. */
export class TopicTable<A> {
  readonly #places = new Map<ReturnType<typeof Pattern.anchor>, Set<Listener<A>>>()
  readonly #counts = new Map<string, number>()
  size = 0

  add(listener: Listener<A>): void {
    const anchor = Pattern.anchor(listener.pattern)
    const place = this.#places.get(anchor) ?? new Set()
    this.#places.set(anchor, place.add(listener))
    this.#count(listener, 1)
  }

  remove(listener: Listener<A>): void {
    const anchor = Pattern.anchor(listener.pattern)
    const place = this.#places.get(anchor)
    if (place?.delete(listener) !== true) return
    if (place.size === 0) this.#places.delete(anchor)
    this.#count(listener, -1)
  }

  /** How many a component has. */
  of(subscriber: string): number {
    return this.#counts.get(subscriber) ?? 0
  }

  /** Those who listen to a topic now; undefined for what is no topic. */
  matching(topic: string): ReadonlyArray<Listener<A>> | undefined {
    const resource = Pattern.parseResource("messaging.publish", topic)
    if (resource === undefined) return undefined
    const heard = Pattern.parseResource("messaging.subscribe", topic)!
    return Pattern.anchors(heard).flatMap((anchor) =>
      Array.from(this.#places.get(anchor) ?? []).filter(({ pattern }) => Pattern.covers(pattern, heard))
    )
  }

  #count({ subscriber }: Listener<A>, by: number): void {
    this.size += by
    if (subscriber === undefined) return
    const count = this.of(subscriber) + by
    if (count === 0) this.#counts.delete(subscriber)
    else this.#counts.set(subscriber, count)
  }
}
