import * as NodeStorage from "@airssys/platform-node/NodeStorage"
import * as StorageStoreTest from "airssys/testing/StorageStoreTest"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "storage-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)

StorageStoreTest.suite(
  "SQLite",
  Effect.map(folder, (made) => ({ layer: NodeStorage.layerStore(path.join(made, "storage.db")), isDurable: true }))
)
