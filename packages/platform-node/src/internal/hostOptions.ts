/**
 * What a program gives to have a host: looked at before anything of it is used,
 * since a program in plain JavaScript may give anything.
 */
import * as Argument from "airssys/component/Argument"
import * as HostFunctions from "airssys/component/HostFunctions"
import type * as Receipts from "airssys/component/Receipts"
import type * as Approvals from "airssys/security/Approvals"
import type * as AuditLog from "airssys/security/AuditLog"
import * as PublicKey from "airssys/security/PublicKey"
import * as Quota from "airssys/security/Quota"
import type * as Quotas from "airssys/security/Quotas"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as NodeEnginePlatform from "../NodeEnginePlatform.ts"
import type * as NodeHost from "../NodeHost.ts"
import type * as NodeHttpAccess from "../NodeHttpAccess.ts"
import type * as NodeProcessSpawn from "../NodeProcessSpawn.ts"

const { array, flag, optional, options, positiveTime, record, struct, text, time, value, whole } = Argument

const path = Argument.path(`a path such as "data"`)
const fn = value("a function", (given) => typeof given === "function")

const limits = value("limits of every quota, such as Quota.unlimited", Schema.is(Quota.Limits))

const trusted: Argument.Check = (given, name) =>
  typeof given === "object" && given !== null
    ? struct({ source: struct({ _tag: text("the kind of a source") }), reason: text("a reason") })(given, name)
    : value("a folder, a digest or a source", (one) => typeof one === "string")(given, name)

const receiptFile = Argument.path(`a path such as "receipts.sqlite", or false`)

const receiptOptions = options<Receipts.Options>({
  within: optional(positiveTime),
  buffer: optional(whole(1)),
  count: optional(whole(1)),
  age: optional(positiveTime),
  closing: optional(time)
})

const publicKey = value("a public key, as PublicKey.fromText gives it", PublicKey.isPublicKey)

const approvals = options<Approvals.Options>({
  hostKey: struct({ publicKey }),
  operators: array("public keys", publicKey),
  quorum: optional(whole(1)),
  passTrusted: optional(flag),
  lifetime: optional(positiveTime),
  longestRequest: optional(positiveTime)
})

/** The log says itself which numbers and times it takes. */
const auditOptions = options<AuditLog.Options>({
  capacity: optional(whole(1)),
  flushEvery: optional(positiveTime),
  quota: optional(
    options<NonNullable<AuditLog.Options["quota"]>>({ burst: optional(whole(1)), bytesPerSecond: optional(whole(1)) })
  ),
  rotate: optional(
    options<NonNullable<AuditLog.Options["rotate"]>>({ bytes: optional(whole(1)), every: optional(positiveTime) })
  ),
  retain: optional(
    options<NonNullable<AuditLog.Options["retain"]>>({ segments: optional(whole(1)), age: optional(positiveTime) })
  ),
  checkpoints: optional(options<NonNullable<AuditLog.Options["checkpoints"]>>({
    signer: struct({}),
    witnesses: array("witnesses", struct({})),
    every: optional(positiveTime),
    required: optional(flag)
  }))
})

const keyFile = Argument.path("the file of the key, or the key as a Uint8Array")

const cache = options<NodeEnginePlatform.CacheOptions>({
  folder: path,
  key: (given, name) => given instanceof Uint8Array ? undefined : keyFile(given, name),
  maxBytes: optional(whole(0)),
  report: optional(fn)
})

/** `NodeHost.Options`. */
export const check: Argument.Check = options<NodeHost.Options>({
  folder: optional(path),
  engine: optional(value("the layer of an engine", Layer.isLayer)),
  audit: optional(path),
  storage: optional(path),
  receipts: optional((given, name) => given === false ? undefined : receiptFile(given, name)),
  receiptOptions: optional(receiptOptions),
  quotas: optional(options<Quotas.Options>({ component: optional(limits), tenant: optional(limits) })),
  approvals: optional(approvals),
  approvalStore: optional(path),
  functions: optional(HostFunctions.check),
  powers: optional(array(
    "powers, as Powers.source gives them",
    struct({
      key: text("the name of a capability"),
      capability: value("a class of capabilities", (given) => typeof given === "function"),
      make: fn
    })
  )),
  auditOptions: optional(auditOptions),
  trust: optional(array("folders, digests and sources", trusted)),
  trustFile: optional(path),
  trustStore: optional(path),
  cache: optional(cache),
  devMode: optional(flag),
  policy: optional(path),
  roots: optional(record(path)),
  reserved: optional(array("paths", path)),
  http: optional(options<NodeHttpAccess.Options>({
    resolve: optional(fn),
    authorities: optional(array("certificates in PEM", text("a certificate in PEM")))
  })),
  programs: optional(options<NodeProcessSpawn.Options>({
    programs: record(path),
    directory: optional(path),
    env: optional(record(value("a text", (given) => typeof given === "string")))
  })),
  shutdown: optional(time)
})
