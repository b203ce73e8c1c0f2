/** A thread that brings the log of a database into its file, each time that it is told to. */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { DatabaseSync } from "node:sqlite"
import { parentPort, workerData } from "node:worker_threads"

const parent = parentPort!
const database = new DatabaseSync(workerData as string, { timeout: 10_000 })
database.exec("PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; PRAGMA checkpoint_fullfsync = ON;")

parent.on("message", (told: "checkpoint" | "close") => {
  if (told === "checkpoint") {
    database.exec("PRAGMA wal_checkpoint(PASSIVE)")
    parent.postMessage("done")
  } else {
    database.close()
    parent.close()
  }
})
