import { Runtime } from "airssys/Runtime"
import { type HostileGuests, HostileGuestsTest } from "airssys/testing"
import { Effect, Layer } from "effect"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { component } from "../../airssys/test/component/support/guests.ts"
import * as NodeHost from "../src/NodeHost.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "airssys-hostile-")))),
  (root) => Effect.sync(() => rmSync(root, { recursive: true, force: true }))
)

const written = Effect.fnUntraced(function*(sources: HostileGuests.Sources) {
  const root = yield* folder
  const folders = new Map<string, string>()
  for (const [id, { artifact, manifest }] of Object.entries(sources)) {
    const place = join(root, id.replace(":", "-"))
    mkdirSync(place)
    writeFileSync(join(place, "Component.toml"), manifest)
    writeFileSync(join(place, "guest.wasm"), artifact)
    folders.set(id, place)
  }
  return { root, folderOf: (source: string) => folders.get(source) ?? source }
})

/** A host with its log on disk, whose guests are found by their ids. */
const layer = (sources: HostileGuests.Sources) =>
  Layer.unwrap(Effect.map(written(sources), ({ folderOf, root }) =>
    Layer.effect(
      Runtime,
      Effect.map(Runtime, (runtime) =>
        Runtime.of({
          ...runtime,
          startUntyped: (source, options) =>
            runtime.startUntyped(typeof source === "string" ? folderOf(source) : source, options)
        }))
    ).pipe(Layer.provideMerge(NodeHost.layer({ audit: join(root, "audit.sqlite") })))))

HostileGuestsTest.suite("NodeHost", { layer, assemble: component })
