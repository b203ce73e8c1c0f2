/**
 * Writes the JSON Schemas of the files that people write, for their editors;
 * with `--check`, reports the ones that differ instead.
 */
import * as HostConfig from "airssys/component/HostConfig"
import * as Manifest from "airssys/component/Manifest"
import * as PolicyFile from "airssys/component/PolicyFile"
import * as TrustConfig from "airssys/component/TrustConfig"
import * as fs from "node:fs"
import * as path from "node:path"
import { root } from "./lib/workspace.ts"

const folder = path.join(root, "packages", "airssys", "schema")

const schemas = [
  { file: path.join(folder, "component-1.json"), schema: Manifest.jsonSchema() },
  { file: path.join(folder, "host-1.json"), schema: HostConfig.jsonSchema() },
  { file: path.join(folder, "policy-1.json"), schema: PolicyFile.jsonSchema() },
  { file: path.join(folder, "trust-1.json"), schema: TrustConfig.jsonSchema() }
].map(({ file, schema }) => ({ file, text: `${JSON.stringify(schema, undefined, 2)}\n` }))

const stale = schemas.filter(({ file, text }) => !fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text)
if (process.argv.includes("--check")) {
  for (const { file } of stale) {
    console.error(`${path.relative(root, file)} differs from what is decoded: npm run schemas`)
  }
  console.log(`${schemas.length} JSON Schemas, ${stale.length} stale`)
  if (stale.length > 0) process.exitCode = 1
} else {
  fs.mkdirSync(folder, { recursive: true })
  for (const { file, text } of stale) fs.writeFileSync(file, text)
  console.log(`${schemas.length} JSON Schemas, ${stale.length} written`)
}
