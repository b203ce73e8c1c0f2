/**
 * What a host keeps: on disk where it has a place for it, in memory otherwise.
 */
import * as Receipts from "airssys/component/Receipts"
import * as ReceiptStore from "airssys/component/ReceiptStore"
import type { ReceiptStoreError } from "airssys/component/ReceiptStore"
import * as Storage from "airssys/component/Storage"
import type { StorageStoreError } from "airssys/component/StorageStore"
import type { InvalidOptions } from "airssys/security/ApprovalError"
import * as Approvals from "airssys/security/Approvals"
import * as ApprovalStore from "airssys/security/ApprovalStore"
import type { AuditError } from "airssys/security/AuditError"
import type { AuditLog } from "airssys/security/AuditLog"
import * as AuditStore from "airssys/security/AuditStore"
import type { StorageError } from "airssys/security/KeyValue"
import type { Quotas } from "airssys/security/Quotas"
import type { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as NodeApprovalStore from "../NodeApprovalStore.ts"
import * as NodeAuditStore from "../NodeAuditStore.ts"
import * as NodeReceipts from "../NodeReceipts.ts"
import * as NodeSignature from "../NodeSignature.ts"
import * as NodeStorage from "../NodeStorage.ts"
import * as heldAudit from "./heldAudit.ts"
import type { HeldFiles } from "./heldFiles.ts"

const layerStore = (file: string | undefined): Layer.Layer<AuditStore.AuditStore, AuditError> =>
  file === undefined
    ? AuditStore.layerMemory
    : file.endsWith(".sqlite")
    ? NodeAuditStore.layerSqlite(file)
    : NodeAuditStore.layerFile(file)

/** It takes nothing any more when the folder of the host is lost: another host can have that then. */
export const layerAudit = (
  file: string | undefined,
  folder: HeldFiles | undefined
): Layer.Layer<AuditStore.AuditStore, AuditError> =>
  folder === undefined ? layerStore(file) : Layer.provide(
    Layer.effect(AuditStore.AuditStore, Effect.map(AuditStore.AuditStore, (store) => heldAudit.make(store, folder))),
    layerStore(file)
  )

export const layerStorage = (
  file: string | undefined
): Layer.Layer<Storage.Storage, StorageError | StorageStoreError, Digest | Quotas> =>
  file === undefined ? Storage.layerMemory : NodeStorage.layer(file)

/** In memory for those who ask; nothing is kept where nobody would. */
export const layerReceipts = (
  file: string | false | undefined,
  options: Receipts.Options | undefined
): Layer.Layer<Receipts.Receipts, ReceiptStoreError> =>
  file === false
    ? Layer.provide(Receipts.layerReader, ReceiptStore.layerMemory)
    : file === undefined
    ? Receipts.layerMemory(options)
    : NodeReceipts.layer(file, options)

export const layerApprovals = (
  options: Approvals.Options,
  file: string | undefined
): Layer.Layer<Approvals.Approvals, ApprovalStore.ApprovalStoreError | InvalidOptions, AuditLog | Digest> =>
  Approvals.layer(options).pipe(
    Layer.provide([
      file === undefined ? ApprovalStore.layerMemory : NodeApprovalStore.layer({ path: file }),
      NodeSignature.layer
    ])
  )
