import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const manifest = `schema = 1
[component]
namespace = "acme"
name = "keeper"
version = "1.0.0"
world = "acme:keeper/plugin@1.0.0"
[build]
command = "airssys build src/main.js"
output = "dist/keeper.wasm"
[limits]
memory = "32 MiB"
fuel = 50_000_000
timeout = "5 s"
[config]
api-key = { type = "secret", optional = true }
token = { type = "secret", optional = true }
sick = { type = "boolean", default = false }
[[capability]]
reason = "Keep values."
storage.write = ["**"]
log = true
`

const wit = `package acme:keeper@1.0.0;

interface keeper {
  put: func(key: string, size: u32) -> result<u32, string>;
  tell: func(key: string) -> result<u32, string>;
}

world plugin {
  import airssys:core/storage@0.1.0;
  import airssys:core/configuration@0.1.0;
  import airssys:core/log@0.1.0;
  export keeper;
  export airssys:core/health@0.1.0;
}
`

const source = `
import * as storage from "airssys:core/storage@0.1.0"
import * as configuration from "airssys:core/configuration@0.1.0"
import * as log from "airssys:core/log@0.1.0"

export const keeper = {
  put(key, size) {
    try {
      storage.set(key, new Uint8Array(size))
      return size
    } catch (error) {
      throw error.payload.tag
    }
  },
  tell(key) {
    const found = configuration.get(key)
    if (found === null || found === undefined) throw "none"
    log.write("info", "the secret is " + found.val, [])
    return found.val.length
  }
}

export const health = {
  check: () => ({ status: configuration.get("sick").val ? "unhealthy" : "healthy", detail: null })
}
`

/** Writes a component that stores bytes of a size, logs its secrets, and is as well as it is configured. */
export const writeKeeper = (folder: string): void => {
  for (const name of ["src", "wit"]) mkdirSync(join(folder, "keeper", name), { recursive: true })
  writeFileSync(join(folder, "keeper/Component.toml"), manifest)
  writeFileSync(join(folder, "keeper/wit/keeper.wit"), wit)
  writeFileSync(join(folder, "keeper/src/main.js"), source)
}
