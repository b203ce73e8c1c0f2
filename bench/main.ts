/**
 * `npm run bench -- <suite> [--json]`: see README.md beside this file.
 */
import * as Command from "./harness/Command.ts"
import * as actor from "./suites/actor.ts"
import * as component from "./suites/component.ts"
import * as fairness from "./suites/fairness.ts"
import * as load from "./suites/load.ts"
import * as runtime from "./suites/runtime.ts"
import * as security from "./suites/security.ts"
import * as storage from "./suites/storage.ts"

process.exitCode = await Command.run(
  process.argv.slice(2),
  [
    { suite: actor.suite, url: import.meta.resolve("./suites/actor.ts") },
    { suite: component.suite, url: import.meta.resolve("./suites/component.ts") },
    { suite: fairness.suite, url: import.meta.resolve("./suites/fairness.ts") },
    { suite: load.suite, url: import.meta.resolve("./suites/load.ts") },
    { suite: runtime.suite, url: import.meta.resolve("./suites/runtime.ts") },
    { suite: security.suite, url: import.meta.resolve("./suites/security.ts") },
    { suite: storage.suite, url: import.meta.resolve("./suites/storage.ts") }
  ],
  { out: (line) => console.log(line), err: (line) => console.error(line) }
)
