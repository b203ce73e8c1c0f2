/**
 * `npm run conformance -- --suite component-model --path <checkout> [--json]`:
 * see README.md beside this file.
 */
import { run } from "./command.ts"

process.exitCode = await run(process.argv.slice(2), {
  out: (line) => console.log(line),
  err: (line) => console.error(line)
})
