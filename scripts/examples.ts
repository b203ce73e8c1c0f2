/**
 * Checks and runs the examples in doc comments and Markdown.
 *
 * Every block fenced as `ts` is type-checked. A block runs as a program when
 * it has a line `expression // => value` or the word `run` behind `ts`, and as a
 * file of tests when it has the word `test` there. The value is an expression,
 * compared by structure, or what `util.inspect` prints.
 * `in=<folder>` says where relative imports start (the root of the repository
 * otherwise); the word `fragment` leaves a block out.
 *
 * Run by itself it is the check; the programs it writes import `expectValue`.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { inspect, isDeepStrictEqual } from "node:util"
import { Script } from "node:vm"
import { filesBelow, inParallel, markdown, packages, root, run } from "./lib/workspace.ts"

let reached = 0

/** Throws unless `actual` is the value of `expected`, or prints as `text`. */
export const expectValue = (line: number, actual: unknown, text: string, expected?: () => unknown): void => {
  reached++
  const shown = inspect(actual, { depth: 9, breakLength: Infinity })
  if (shown === text || (expected !== undefined && isDeepStrictEqual(actual, expected()))) return
  throw new Error(`line ${line}: expected ${text}, got ${shown}`)
}

/** Fails a program that ends well before it has come to all of its expectations. */
export const expectAll = (count: number): void => {
  process.on("exit", (code) => {
    if (code === 0 && reached < count) {
      console.error(`${count - reached} of ${count} lines with // => were not reached`)
      process.exitCode = 1
    }
  })
}

interface Example {
  /** File and line of the fence, for messages. */
  readonly place: string
  readonly name: string
  readonly lines: ReadonlyArray<string>
  readonly how: "Program" | "Tests" | undefined
  readonly folder: string
}

const examplesOf = (file: string): ReadonlyArray<Example> => {
  const all = fs.readFileSync(path.join(root, file), "utf8").split("\n")
  const isDoc = file.endsWith(".ts")
  const content = isDoc ? all.map((line) => /^\s*\* ?(.*)$/.exec(line)?.[1] ?? "") : all
  const examples: Array<Example> = []
  for (let start = 0; start < content.length; start++) {
    const fence = /^(`{3,})(\S*)(.*)$/.exec(content[start]!)
    if (fence === null) continue
    const end = content.indexOf(fence[1]!, start + 1)
    if (end < 0) throw new Error(`${file}:${start + 1}: the fence is not closed`)
    const words = fence[3]!.trim().split(/\s+/)
    const lines = content.slice(start + 1, end)
    if (fence[2] === "ts" && !words.includes("fragment")) {
      const isTests = words.includes("test")
      const isProgram = words.includes("run") || lines.some((line) => line.includes(" // => "))
      examples.push({
        place: `${file}:${start + 1}`,
        name: `${file.replace(/[^A-Za-z0-9]+/g, "-")}-L${start + 1}${isTests ? ".test" : ""}.ts`,
        lines,
        how: isTests ? "Tests" : isProgram ? "Program" : undefined,
        folder: words.find((word) => word.startsWith("in="))?.slice(3) ?? "."
      })
    }
    start = end
  }
  return examples
}

const isExpression = (source: string): boolean => {
  try {
    return source.trim() !== "" && new Script(`(async function*() { return (${source}\n) })`) instanceof Script
  } catch {
    return false
  }
}

/**
 * The lines of a block with each `expression // => value` made a call of
 * `expectValue`, on as many lines as before so that places stay right.
 */
const instrument = ({ lines, place }: Example): { readonly lines: Array<string>; readonly count: number } => {
  const output = [...lines]
  let count = 0
  for (const [at, line] of lines.entries()) {
    const [, code, text] = /^(.*?) \/\/ => (.*)$/.exec(line) ?? []
    if (code === undefined || text === undefined) continue
    count++
    const quoted = JSON.stringify(text)
    const expected = isExpression(text) ? `, () => (${text})` : ""
    const bound = /^\s*const (\w+)/.exec(code)?.[1]
    if (bound !== undefined) {
      output[at] = `${code}; $expectValue(${at + 1}, ${bound}, ${quoted}${expected})`
      continue
    }
    let first = at
    const expression = () => [...lines.slice(first, at), code].join("\n")
    while (first > 0 && !isExpression(expression())) first--
    if (!isExpression(expression())) throw new Error(`${place}: line ${at + 1} does not end an expression`)
    output[at] = first === at ? code : output[at]!.slice(0, code.length)
    output[first] = `$expectValue(${at + 1}, (${output[first]}`
    output[at] = `${output[at]}), ${quoted}${expected})`
  }
  return { lines: output, count }
}

const generate = (example: Example, folder: string): string => {
  const { count, lines } = instrument(example)
  const base = path.relative(folder, path.join(root, example.folder)).replaceAll(path.sep, "/")
  const script = path.relative(folder, import.meta.filename).replaceAll(path.sep, "/")
  const prelude = count === 0
    ? ""
    : `import { expectAll as $expectAll, expectValue as $expectValue } from "${script}"; $expectAll(${count}); `
  const body = lines.join("\n").replace(/(from |import\()"\.\//g, `$1"${base}/`)
  return `${prelude}${body}\nexport {}\n`
}

const main = async () => {
  const sources = packages.flatMap((owner) =>
    filesBelow(path.join(owner.folder, "src")).map((file) => path.relative(root, path.join(owner.folder, "src", file)))
  )
  const files = [...sources.filter((file) => file.endsWith(".ts")), ...markdown]
  const examples = files.flatMap(examplesOf)
  const folder = path.join(root, ".tmp", `examples-${process.pid}`)
  fs.mkdirSync(folder, { recursive: true })
  process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }))
  for (const example of examples) fs.writeFileSync(path.join(folder, example.name), generate(example, folder))
  fs.writeFileSync(
    path.join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.base.json",
      compilerOptions: { noEmit: true, noUnusedLocals: false, rootDir: "../.." },
      include: ["*.ts"]
    })
  )

  const problems = new Map<string, Array<string>>(examples.map(({ name }) => [name, []]))
  const { code, output } = await run("tsc", ["-p", folder, "--pretty", "false"], { cwd: folder })
  for (const line of output.split("\n")) {
    const [, name, at, message] = /^([^(/]+)\((\d+),\d+\): error (.*)$/.exec(line) ?? []
    if (name !== undefined) problems.get(name)?.push(`line ${at}: ${message}`)
  }
  if (code !== 0 && !output.includes(": error TS")) {
    console.error(`tsc did not check the examples:\n${output}`)
    process.exitCode = 1
  }

  const toRun = examples.filter(({ how }) => how !== undefined)
  await inParallel(2, toRun, async ({ how, name }) => {
    const ran = how === "Tests"
      ? await run("vitest", ["run", "--root", folder, name], { timeout: 60_000 })
      : await run(process.execPath, [path.join(folder, name)], { timeout: 60_000 })
    if (ran.code !== 0) problems.get(name)!.push(`ends with exit code ${ran.code}\n${ran.output.trimEnd()}`)
  })

  let failed = 0
  for (const { name, place } of examples) {
    const found = problems.get(name)!
    if (found.length === 0) continue
    failed++
    for (const problem of found) console.error(`${place}: ${problem}`)
  }
  console.log(`${toRun.length} of ${examples.length} examples were run`)
  console.log(`Examples: ${failed} failed, ${examples.length - failed} passed, ${examples.length} total`)
  if (failed > 0 || toRun.length === 0) process.exitCode = 1
}

if (import.meta.main) await main()
