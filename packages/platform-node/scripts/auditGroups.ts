/**
 * What a process that is going to be killed writes, known to who kills it.
 */
import type { AuditError } from "airssys/security/AuditError"
import type { AuditEvent } from "airssys/security/AuditEvent"
import type { AuditStore } from "airssys/security/AuditStore"
import type * as Layer from "effect/Layer"
import * as NodeAuditStore from "../src/NodeAuditStore.ts"

export type Kind = "file" | "sqlite"

export const layerOf = (kind: string, path: string): Layer.Layer<AuditStore, AuditError> =>
  kind === "sqlite" ? NodeAuditStore.layerSqlite(path) : NodeAuditStore.layerFile(path)

export const crashed = (life: string, number: number, part: string): AuditEvent => ({
  _tag: "Crashed",
  principal: { kind: "Component", id: "acme:rates" },
  detail: `${life}/${number}/${part} ${"\u00e9x".repeat(number % 97)}`
})

/** From 1 to 4, and now and then more than a page has room for. */
export const sizeOf = (life: string, number: number): number =>
  (number + life.length) % 11 === 0 ? 40 : 1 + (number * 7 + life.length) % 4
