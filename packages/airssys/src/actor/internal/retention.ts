import type * as Protocol from "../Protocol.ts"
import { matchSegments, type TopicKey } from "./topics.ts"

interface Retained {
  readonly key: TopicKey
  readonly message: unknown
}

/** The latest message of each topic that was published to be kept. */
export class Retention {
  evicted = 0
  private readonly topics = new WeakMap<Protocol.Any, Map<string, Retained>>()
  /** Those of all protocols, that published longest ago first. */
  private readonly kept = new Set<Retained>()
  private most: number

  constructor(most: number) {
    this.most = most
  }

  get size(): number {
    return this.kept.size
  }

  get({ name, protocol }: TopicKey): Retained | undefined {
    return this.topics.get(protocol)?.get(name)
  }

  put(key: TopicKey, message: unknown): void {
    this.drop(key)
    if (this.most === 0) return
    if (this.kept.size >= this.most) {
      for (const oldest of this.kept) {
        this.drop(oldest.key)
        this.evicted++
        break
      }
    }
    let topics = this.topics.get(key.protocol)
    if (topics === undefined) this.topics.set(key.protocol, topics = new Map())
    const retained = { key, message }
    topics.set(key.name, retained)
    this.kept.add(retained)
  }

  drop(key: TopicKey): void {
    const known = this.get(key)
    if (known === undefined) return
    this.topics.get(key.protocol)!.delete(key.name)
    this.kept.delete(known)
  }

  /** What is kept for a pattern, that published longest ago first. */
  *of(pattern: TopicKey): Generator<unknown> {
    for (const { key, message } of this.kept) {
      if (key.protocol === pattern.protocol && matchSegments(pattern.segments, key.segments)) yield message
    }
  }

  /** Keeps nothing from here on. */
  close(): void {
    this.most = 0
    for (const { key } of this.kept) this.drop(key)
  }
}
