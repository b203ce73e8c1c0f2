import * as JcoEngine from "@airssys/engine-jco/JcoEngine"
import * as NodeHost from "@airssys/platform-node/NodeHost"
import * as ComponentEngine from "airssys/component/ComponentEngine"
import * as ReleaseSource from "airssys/component/ReleaseSource"
import * as Runtime from "airssys/Runtime"
import * as RuntimeTest from "airssys/testing/RuntimeTest"
import { Layer } from "effect"
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { buildExample } from "./exampleGuests.ts"

const root = mkdtempSync(join(tmpdir(), "runtime-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** An example in a folder of its own, with a limit of time that no busy machine reaches. */
const patient = async (name: Parameters<typeof buildExample>[0]) => {
  const { folder, out } = await buildExample(name)
  const manifest = readFileSync(join(folder, "Component.toml"), "utf8").replace(/^timeout = .*$/m, "timeout = \"60 s\"")
  const made = join(root, name)
  mkdirSync(join(made, "dist"), { recursive: true })
  writeFileSync(join(made, "Component.toml"), manifest)
  copyFileSync(out, join(made, "dist", `${name}.wasm`))
  return { folder: made, manifest, artifact: new Uint8Array(readFileSync(out)) }
}

const totals = await patient("totals")
const rates = await patient("rates")
const miner = await patient("miner")
const folders = { totals: totals.folder, rates: rates.folder, miner: miner.folder }

RuntimeTest.suite("on Node", NodeHost.layer(), folders)

RuntimeTest.suite("on Node with jco", NodeHost.layer({ engine: JcoEngine.layer }), folders)

RuntimeTest.suite(
  "in memory",
  Runtime.layer.pipe(
    Layer.provide(
      ReleaseSource.layerMemory({ totals, rates, miner })
    ),
    Layer.provide(ComponentEngine.layer)
  ),
  { totals: "totals", rates: "rates", miner: "miner" }
)
