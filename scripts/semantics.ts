/**
 * Checks that every guarantee names tests that exist.
 *
 * In docs/semantics.md and SECURITY.md a reference is `file.ts`, with as many
 * folders as tell it from others, followed by titles of tests in quotes; `*` in
 * a title stands for what the test fills in. In semantics.md each item of a list
 * has a reference, except below headings that begin with "Not".
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { filesBelow, root } from "./lib/workspace.ts"

const pages = ["docs/semantics.md", "SECURITY.md"]

const files = ["packages", "examples", "wit", "bench"].flatMap((folder) =>
  filesBelow(path.join(root, folder))
    .filter((file) => /(\.test|\.tst|Test)\.ts$/.test(file))
    .map((file) => `${folder}/${file}`)
)

/** A title as it is written: the first argument of `it`, `test` and what they are made into. */
const call = /(?:\b(?:it|test)((?:\.\w+)*)|\))\(\s*(?:"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g

const titlesOf = (file: string): ReadonlySet<string> => {
  const source = fs.readFileSync(path.join(root, file), "utf8")
  return new Set(
    [...source.matchAll(call)]
      .filter(([, members]) => !/\.(skip|todo|fails)\b/.test(members ?? ""))
      .map(([, , quoted, template]) =>
        (quoted ?? template!).replace(/\\(.)/g, "$1").replace(/\$\{[^}]*\}|%[sjo]/g, "*")
      )
  )
}

const titles = new Map<string, ReadonlySet<string>>()
const problems: Array<string> = []
let references = 0

const check = (place: string, name: string, title: string): void => {
  references++
  const found = files.filter((file) => file.endsWith(`/${name}`))
  if (found.length !== 1) {
    problems.push(`${place}: ${found.length === 0 ? "there is no" : "there are several"} ${name}`)
    return
  }
  const known = titles.get(name) ?? titlesOf(found[0]!)
  titles.set(name, known)
  if (!known.has(title)) problems.push(`${place}: ${found[0]} has no test "${title}"`)
}

for (const page of pages) {
  const text = fs.readFileSync(path.join(root, page), "utf8")
  let isGuarantee = false
  for (const [index, paragraph] of [...text.matchAll(/^(?:#.*|[-|] ?.*(?:\n {2}.*)*)$/gm)].entries()) {
    const [item] = paragraph
    const place = `${page}:${text.slice(0, paragraph.index).split("\n").length}`
    if (item.startsWith("#")) {
      isGuarantee = page.endsWith("semantics.md") && index > 0 && !/^#+ Not\b/.test(item)
      continue
    }
    const found = [...item.replace(/\n {2}/g, " ").matchAll(/`([\w./-]+\.ts)`((?:,? "[^"]+")+)/g)]
    for (const [, name, quoted] of found) {
      for (const [, title] of quoted!.matchAll(/"([^"]+)"/g)) check(place, name!, title!)
    }
    if (isGuarantee && item.startsWith("-") && found.length === 0) problems.push(`${place}: no test is named`)
  }
}

for (const problem of problems) console.error(problem)
console.log(`Guarantees: ${references} references to tests, ${problems.length} problems`)
if (problems.length > 0 || references === 0) process.exitCode = 1
