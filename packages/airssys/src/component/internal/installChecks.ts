import type * as WitType from "@airssys/engine/WitType"
import * as Effect from "effect/Effect"
import * as SafeText from "../../security/SafeText.ts"
import * as Contract from "../Contract.ts"
import type { HostFunction } from "../HostFunction.ts"
import * as HostServices from "../HostServices.ts"
import type * as Manifest from "../Manifest.ts"
import { InstallRefused, type Release } from "../Release.ts"
import * as coreExports from "./coreExports.ts"

const namesLimit = 8
const detailLimit = 512

/** What this host cannot serve or call, or the manifest does not say, is refused before anything runs. */
export const inspect = Effect.fnUntraced(function*(
  manifest: Manifest.Manifest,
  world: WitType.World,
  functions: ReadonlyArray<HostFunction>
) {
  const refuse = (reason: InstallRefused["reason"], detail: string) =>
    new InstallRefused({ component: manifest.id, reason, detail: SafeText.escape(detail) })
  const obstacles = world.imports.flatMap((imported) => HostServices.obstacles(imported, functions))
  if (obstacles.length > 0) {
    const more = obstacles.length > namesLimit ? `; and ${obstacles.length - namesLimit} more` : ""
    return yield* refuse("UnknownImports", `imports ${obstacles.slice(0, namesLimit).join("; ")}${more}`)
  }
  const foreign = worldMismatch(manifest, world)
  if (foreign !== undefined) return yield* refuse("WorldMismatch", foreign)
  for (const definition of coreExports.all) {
    if (!coreExports.isExportedBy(definition, world)) continue
    const difference = Contract.mismatch(definition, world)
    if (difference !== undefined) return yield* refuse("ContractMismatch", difference)
  }
})

/** Further exports than those of the contract are no difference. */
export const agree = (
  release: Release,
  definition: Contract.Definition | undefined
): Effect.Effect<void, InstallRefused> => {
  if (definition === undefined) return Effect.void
  const difference = Contract.mismatch(definition, release.component.world)
  return difference === undefined
    ? Effect.void
    : Effect.fail(
      new InstallRefused({
        component: release.id,
        reason: "ContractMismatch",
        detail: SafeText.escape(difference, detailLimit)
      })
    )
}

const worldMismatch = (
  manifest: Manifest.Manifest,
  world: { readonly exports: ReadonlyArray<{ readonly id: string | undefined }> }
): string | undefined => {
  const declared = manifest.component.world
  const prefix = declared.slice(0, declared.indexOf("/") + 1)
  const at = declared.indexOf("@")
  const version = at === -1 ? "" : declared.slice(at)
  for (const { id } of world.exports) {
    if (id === undefined || !id.startsWith(prefix)) continue
    const found = id.includes("@") ? id.slice(id.indexOf("@")) : ""
    if (found !== version) return `its manifest says ${declared}, the artifact exports ${id}`
  }
  return undefined
}
