import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"

const folder = resolve(import.meta.dirname, "../../../../../wit/core")

/** The package `airssys:core` as guests are given it, to stand below another one. */
export const coreWit: string = `package airssys:core@0.1.0 {
${
  readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), "utf8").replace(/^package .*;$/m, ""))
    .join("\n")
}
}`
