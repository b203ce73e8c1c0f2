/**
 * A component that this host has read, checked and judged: manifest, compiled
 * artifact and trust decision.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Principal from "../security/Principal.ts"
import type { SignedRelease, Verdict } from "../security/TrustVerdict.ts"
import type { LoadedComponent } from "./ComponentEngine.ts"
import type { Manifest } from "./Manifest.ts"

/**
 * `id` is `namespace:name`, `digest` is `sha256:` and 64 hex digits, `source`
 * is where it was read from. `path` is that as an absolute path free of links,
 * by which it may be trusted; undefined where it lies in no file system.
 * `trust` is the verdict of the install: each start asks again.
 *
 * @category models
 * @since 0.1.0
 */
export interface Release {
  readonly id: string
  readonly version: string
  readonly digest: string
  readonly source: string
  readonly path: string | undefined
  readonly manifest: Manifest
  /** The text of the manifest, as it was read. */
  readonly manifestText: string
  readonly component: LoadedComponent
  readonly trust: Verdict
  /** What `Component.sig` says, as it was read; not verified here. */
  readonly signed?: SignedRelease | undefined
}

/**
 * A readable, well-formed component that this host does not take.
 *
 * @category errors
 * @since 0.1.0
 */
export class InstallRefused extends Schema.TaggedError<InstallRefused>("airssys/component/InstallRefused")(
  "InstallRefused",
  {
    component: Schema.String,
    reason: Schema.Literals([
      "WorldMismatch",
      "UnknownImports",
      "ContractMismatch",
      "LimitAboveAsked",
      "InvalidLimit",
      "InvalidConfig",
      "TierRefused",
      "AlreadyHosted"
    ]),
    detail: Schema.String
  }
) {
  override get message(): string {
    return `${this.component}: ${this.detail}. Nothing was started.`
  }
}

/**
 * The principal as which the instances of a release act.
 *
 * @category combinators
 * @since 0.1.0
 */
export const principal = (release: Release): Principal.Principal =>
  Principal.make({ kind: "Component", id: release.id, label: `${release.id} ${release.version}` })
