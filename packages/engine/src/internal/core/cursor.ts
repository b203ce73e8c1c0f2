/**
 * A place in code that is known to be valid, and what is read from there on.
 */
import { FdKind } from "./opcodes.ts"

export class Cursor {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  byte(): number {
    return this.bytes[this.at++] ?? 0
  }

  u32(): number {
    let value = 0
    for (let shift = 0;; shift += 7) {
      const byte = this.bytes[this.at++] ?? 0
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }

  skipNumber(): void {
    while ((this.bytes[this.at++] ?? 0) >= 0x80);
  }

  /** Where in a memory something is: its alignment, the memory unless it is the first, the offset. */
  skipPlace(): void {
    const flags = this.bytes[this.at] ?? 0
    this.skipNumber()
    if ((flags & 0x40) !== 0) this.skipNumber()
    this.skipNumber()
  }

  /** An index, or the two numbers of a place. */
  skipNumbers(count: number): void {
    if (count > 1) this.skipPlace()
    else this.skipNumber()
  }

  /** What follows the number of a vector instruction of a kind. */
  skipOfVector(kind: number): void {
    if (kind === FdKind.memory || kind === FdKind.memoryLane) this.skipPlace()
    if (kind === FdKind.lane || kind === FdKind.memoryLane) this.at++
    if (kind === FdKind.bytes16) this.at += 16
  }

  skipValueType(): void {
    const byte = this.byte()
    if (byte === 0x63 || byte === 0x64) this.skipNumber()
  }
}
