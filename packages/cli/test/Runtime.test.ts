import * as JcoEngine from "@airssys/engine-jco/JcoEngine"
import * as NodeHost from "@airssys/platform-node/NodeHost"
import * as ComponentEngine from "airssys/component/ComponentEngine"
import * as ReleaseSource from "airssys/component/ReleaseSource"
import * as Runtime from "airssys/Runtime"
import * as RuntimeTest from "airssys/testing/RuntimeTest"
import { Layer } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { buildExample } from "./exampleGuests.ts"

const totals = await buildExample("totals")
const rates = await buildExample("rates")
const miner = await buildExample("miner")
const folders = { totals: totals.folder, rates: rates.folder, miner: miner.folder }

RuntimeTest.suite("on Node", NodeHost.layer(), folders)

RuntimeTest.suite("on Node with jco", NodeHost.layer({ engine: JcoEngine.layer }), folders)

const inMemory = ({ folder, out }: { readonly folder: string; readonly out: string }) => ({
  manifest: readFileSync(join(folder, "Component.toml"), "utf8"),
  artifact: new Uint8Array(readFileSync(out))
})

RuntimeTest.suite(
  "in memory",
  Runtime.layer.pipe(
    Layer.provide(
      ReleaseSource.layerMemory({ totals: inMemory(totals), rates: inMemory(rates), miner: inMemory(miner) })
    ),
    Layer.provide(ComponentEngine.layer)
  ),
  { totals: "totals", rates: "rates", miner: "miner" }
)
